import { setDebugLogger, setErrorLogger, setWarningLogger } from 'node-opcua';

/** Keeps the library from writing to standard output and error of a command; what fails comes as errors anyway. */
export function quietLibrary(): void {
  for (const set of [setDebugLogger, setErrorLogger, setWarningLogger]) set(() => undefined);
}
