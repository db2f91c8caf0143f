import type { SingleBar } from 'cli-progress';

/** Standard error of `joulegate up`: log lines and one progress bar that do not write over each other. */
export type Terminal = {
  readonly write: (text: string) => void;
  /** A bar on a terminal, else a line every 10 %; call with [0,1] and `null` when it is over. */
  readonly progress: (title: string) => Promise<(fraction: number | null) => void>;
};

/** Makes the terminal of a stream. */
export function createTerminal(stream: { write(text: string): unknown; readonly isTTY?: boolean }): Terminal {
  let bar: SingleBar | null = null;
  return {
    write: (text) => {
      if (bar !== null) stream.write('\r\u001B[K');
      stream.write(text);
    },
    progress: async (title) => {
      if (stream.isTTY !== true) return lineProgress(title, stream);
      const { default: cliProgress } = await import('cli-progress');
      const shown = new cliProgress.SingleBar({
        format: `${title} [{bar}] {percentage} %, {eta_formatted} left`,
        barCompleteChar: '=',
        barIncompleteChar: ' ',
        hideCursor: false,
        clearOnComplete: true,
        stream: stream as NodeJS.WriteStream,
      });
      shown.start(1000, 0);
      bar = shown;
      return (fraction) => {
        if (fraction !== null) return shown.update(Math.round(fraction * 1000));
        shown.stop();
        bar = null;
      };
    },
  };
}

function lineProgress(title: string, stream: { write(text: string): unknown }): (fraction: number | null) => void {
  let said = -1;
  return (fraction) => {
    const tenth = fraction === null ? said : Math.floor(fraction * 10);
    if (tenth <= said) return;
    said = tenth;
    stream.write(`${title}: ${tenth * 10} %\n`);
  };
}
