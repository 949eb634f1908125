/** A reporter that ends Jest at the first test that fails: one is enough for a mutant, and tests that wait for what never comes are long. */
export default class FirstFailure {
  onTestCaseResult(_test, { status, fullName }) {
    if (status !== 'failed') return;
    process.stderr.write(`failed: ${fullName}\n`);
    process.exit(1);
  }

  onTestResult(_test, { testExecError, testFilePath }) {
    if (!testExecError) return;
    process.stderr.write(`failed: ${testFilePath}\n`);
    process.exit(1);
  }
}
