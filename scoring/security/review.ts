import { JoulegateError } from '../../broker/contract/error.ts';
import { acknowledge, closeAlert } from './alert-book.ts';
import type { Alert, AlertDisposition } from './alert.ts';

const HOUR_MS = 3_600_000;
/** Longest time an alert may be shelved (ISA-18.2 asks for a limit). */
export const MOST_SHELVED_HOURS = 24;
export const DEFAULT_SHELVED_HOURS = 8;

export const reviewActions = ['acknowledge', 'close', 'reopen', 'assign', 'comment', 'shelve', 'unshelve'] as const;

/** What a person decides about an alert. */
export type ReviewDecision = {
  readonly action: (typeof reviewActions)[number];
  /** Text of a comment; reason of closing, re-opening and shelving. */
  readonly reason?: string;
  /** For `close`. */
  readonly disposition?: AlertDisposition;
  /** For `assign`; left out or empty: nobody. */
  readonly assignee?: string;
  /** For `shelve`. */
  readonly hours?: number;
  /** The version the person saw; the decision is refused when the alert has moved on since. */
  readonly version?: number;
};

/**
 * The alert after a decision, one version further. Condition, count and times never change by a review.
 * @throws JoulegateError CONFLICT when somebody else decided in between or the alert is closed; PAYLOAD_INVALID when
 * a reason or disposition is missing or a shelving is too long.
 */
export function decide(
  alert: Alert,
  decision: ReviewDecision,
  who: { readonly by: string; readonly at: number },
): Alert {
  const version = alert.version ?? 0;
  if (decision.version !== undefined && decision.version !== version) {
    throw new JoulegateError(
      'CONFLICT',
      `alert "${alert.id}" was changed by somebody else: you saw version ${decision.version}, it is at ${version}; read it again`,
    );
  }
  if (alert.review === 'closed' && ['close', 'assign', 'shelve', 'unshelve'].includes(decision.action)) {
    throw new JoulegateError('CONFLICT', `alert "${alert.id}" is closed; re-open it first`);
  }
  return { ...changed(alert, decision, who), version: version + 1 };
}

/** Whether the alert is put aside at an instant; a shelving ends by itself. */
export function isShelved(alert: Alert, at: number): boolean {
  return alert.shelved !== undefined && alert.shelved.until > at;
}

function changed(alert: Alert, decision: ReviewDecision, { by, at }: { by: string; at: number }): Alert {
  switch (decision.action) {
    case 'acknowledge':
      return acknowledge(alert, by, at);
    case 'close': {
      const { disposition } = decision;
      if (disposition === undefined) throw missing('disposition', alert.id);
      need(decision, alert);
      const { shelved: _, ...open } = alert;
      return { ...closeAlert(open, by, at), disposition };
    }
    case 'reopen': {
      need(decision, alert);
      const { disposition: _, acknowledgedBy: _by, acknowledgedAt: _at, ...open } = alert;
      return { ...open, review: 'new' };
    }
    case 'assign': {
      const { assignee: _, ...open } = alert;
      const assignee = decision.assignee ?? '';
      return assignee === '' ? open : { ...open, assignee };
    }
    case 'comment':
      need(decision, alert);
      return alert;
    case 'shelve': {
      const hours = decision.hours ?? DEFAULT_SHELVED_HOURS;
      if (!(hours > 0 && hours <= MOST_SHELVED_HOURS)) {
        throw new JoulegateError(
          'PAYLOAD_INVALID',
          `an alert can be shelved for up to ${MOST_SHELVED_HOURS} hours, not ${hours}; close it with a disposition instead`,
        );
      }
      return { ...alert, shelved: { by, reason: need(decision, alert), until: at + Math.round(hours * HOUR_MS) } };
    }
    case 'unshelve': {
      const { shelved: _, ...open } = alert;
      return open;
    }
    default:
      return decision.action satisfies never;
  }
}

function need({ reason = '' }: ReviewDecision, { id }: Alert): string {
  if (reason.trim() === '') throw missing('reason', id);
  return reason;
}

function missing(member: string, id: string): JoulegateError {
  return new JoulegateError('PAYLOAD_INVALID', `the decision on alert "${id}" has no ${member}; send "${member}"`);
}
