import { JoulegateError, type ErrorCode } from '../../broker/contract/error.ts';

/** A refusal of the API itself, with its detail in both languages. */
export class ApiError extends JoulegateError {
  readonly zh: string;
  constructor(code: ErrorCode, detail: { readonly en: string; readonly zh: string }) {
    super(code, detail.en);
    this.zh = detail.zh;
  }
}
