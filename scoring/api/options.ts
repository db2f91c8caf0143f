import type { Registry } from 'prom-client';
import type { Logger } from '../../broker/contract/deps.ts';
import type { AccountRules } from '../energy/account.ts';
import type { PlantView } from '../plant-view.ts';
import type { AlertStore, MetricStore } from '../store/metric-store.ts';
import type { ModelDesk } from '../model-desk.ts';
import type { ModelLibrary } from '../store/model-library.ts';
import type { RescoredStore } from '../store/rescored.ts';
import type { SeriesReader } from '../store/series.ts';
import type { StaticFactorLog } from '../store/static-factor-log.ts';
import type { ValueAddedBook } from '../store/value-added-book.ts';

/** A sign-in that was refused, for whoever turns it into an event. */
export type SignInRefusal = { readonly at: number; readonly address: string; readonly message: string };

/** Where month reports come from; the API knows them as files only. */
export type ReportSource = {
  readonly lastMonth: () => string;
  readonly render: (request: {
    readonly month: string;
    readonly format: 'xlsx' | 'pdf' | 'csv';
    readonly language: 'zh' | 'en';
  }) => Promise<{
    readonly body: Uint8Array;
    readonly hash: string;
    readonly mediaType: string;
    readonly fileName: string;
  }>;
};

export type ApiOptions = {
  /** Anything but a loopback address needs `tls`. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly token: string;
  /** Requests a minute and address. */
  readonly requestsPerMinute?: number | undefined;
  /** Requests from this machine may read without signing in. */
  readonly openLoopback: boolean;
  /** Folder of the built console; null = none. */
  readonly consoleDir: string | null;
  readonly accounts: AccountRules;
  readonly valueAdded: ValueAddedBook;
  /** Left out: no reports. */
  readonly reports?: ReportSource | undefined;
  readonly staticFactors: StaticFactorLog;
  /** Trained models and those at work. */
  readonly models: Pick<ModelLibrary, 'paths' | 'list' | 'activate' | 'rollback'> &
    Pick<ModelDesk, 'running' | 'refresh'>;
  readonly store: MetricStore & { readonly series: Pick<SeriesReader, 'revisions'>; readonly rescored: RescoredStore };
  readonly alerts: AlertStore;
  readonly view: PlantView;
  readonly version: string;
  readonly log: Logger;
  /** Epoch ms. */
  readonly now: () => number;
  /** Metrics are registered here; default: a registry of its own. */
  readonly registry?: Registry;
  readonly onSignInRefused?: (refusal: SignInRefusal) => void;
};
