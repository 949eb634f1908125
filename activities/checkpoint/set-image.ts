import { isAlias, isMap, isScalar, parseDocument } from 'yaml';

import { SwitchbackError } from '../../runbook/errors.ts';

/** A Compose file is at most so long; the parser is never given more, since its regular expressions can end the process. */
const largest = 256 * 1024;
const deepest = 64;

export interface ImageChange {
  text: string;
  /** The image that stood there. */
  before: string;
}

/**
 * Writes another image for one service into the text of a Compose file. Only that value changes: comments, order and layout stay, and the
 * way back gives the very same bytes. @throws SwitchbackError `Unsupported` where the value is not simply written there.
 */
export function setImage(text: string, service: string, image: string): ImageChange {
  refuseDangerous(text);
  const document = parseDocument(text, { merge: true });
  if (document.errors.length > 0) {
    throw new SwitchbackError(
      'PlanInvalid',
      `the active Compose file is no YAML: ${document.errors[0]!.message.split('\n')[0]}`,
    );
  }
  const definition: unknown = document.getIn(['services', service], true);
  if (!isMap(definition)) {
    throw new SwitchbackError('PreconditionFailed', `the active Compose file has no service ${service}`, {
      facts: { service },
    });
  }
  const node: unknown = definition.get('image', true);
  if (isAlias(node) || !isScalar(node) || typeof node.value !== 'string' || !node.range || !definition.has('image')) {
    throw elsewhere(service, 'it is not written in the service itself');
  }
  // A merged value stands in another service's or extension's lines.
  const own = definition.items.some((pair) => isScalar(pair.key) && pair.key.value === 'image' && pair.value === node);
  if (!own) throw elsewhere(service, 'it is merged in from elsewhere');
  if (node.anchor !== undefined) throw elsewhere(service, `other places use it as *${node.anchor}`);
  if (node.value.includes('$')) {
    throw new SwitchbackError('Unsupported', `the image of service ${service} is interpolated: ${node.value}`, {
      hint: 'Change the variable in the env file of a checkpoint, and apply that.',
      facts: { service },
    });
  }
  const quote = node.type === 'QUOTE_DOUBLE' ? '"' : node.type === 'QUOTE_SINGLE' ? "'" : '';
  if (!/^[\w][\w./:@-]*$/.test(image))
    throw new SwitchbackError('PlanInvalid', `${JSON.stringify(image)} is not an image`);
  const [start, end] = node.range;
  return { text: `${text.slice(0, start)}${quote}${image}${quote}${text.slice(end)}`, before: node.value };
}

function elsewhere(service: string, why: string): SwitchbackError {
  return new SwitchbackError('Unsupported', `the image of service ${service} cannot be switched: ${why}`, {
    hint: 'Write `image:` into the service, or apply a checkpoint that has the other image.',
    facts: { service },
  });
}

function refuseDangerous(text: string): void {
  if (text.length > largest)
    throw new SwitchbackError(
      'Unsupported',
      `the active Compose file has ${text.length} characters, more than ${largest}`,
    );
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > deepest)
      throw new SwitchbackError('Unsupported', `the active Compose file is nested more than ${deepest} deep`);
  }
}
