/** Whatever a shell might stumble over. All that it could do, if it got loose, is to make an empty file: never anything else. */
export const hostileWords = [
  `it's`,
  '$(touch "$CANARY")',
  '`touch "$CANARY"`',
  'a\ntouch "$CANARY"\n',
  'b\r\ntouch "$CANARY"',
  '"; touch "$CANARY"; "',
  `'; touch "$CANARY"; '`,
  ')\ntouch "$CANARY"\n(',
  '}\ntouch "$CANARY"\n{',
  'EOF\ntouch "$CANARY"\nSQL\nUSAGE\n',
  '\u2028touch "$CANARY"\u0085',
  '-n --help',
  '* ? [a-z] ~ {a,b} $HOME ${PATH}',
  'back\\slash\\',
  "'\\''",
  'ünï 名前',
  '!! & | < > # ;',
  '\t\u001b[31m',
];
/** All of them in one name. */
export const hostile = hostileWords.join(' ');
