// Generated from /openapi.json by "npm run generate:client"; do not edit. A test fails when the API and this file differ.
/* oxlint-disable max-lines */

/** GET by path below /api/v1/. */
export type ApiGets = {
  readonly "account": {
    readonly query: {
      readonly path?: string;
      readonly from?: string;
      readonly to?: string;
    };
    readonly answer: {
      readonly path: string;
      readonly units: {
        readonly energyKwh: "kW.h";
        readonly output: "{eq}";
        readonly kgce: "kgce";
        readonly kgCO2: "kg";
        readonly cost: "CNY";
      };
      readonly from: string;
      readonly to: string;
      readonly account: {
        readonly energyKwh: number;
        readonly output: number;
        readonly idleKwh: number;
        readonly kgceCalorific: {
          readonly value: number | null;
          readonly reason: string | null;
          readonly factorSets: (string)[];
          readonly source: string | null;
        };
        readonly kgceEquivalent: {
          readonly value: number | null;
          readonly reason: string | null;
          readonly factorSets: (string)[];
          readonly source: string | null;
        };
        readonly kgCO2: {
          readonly value: number | null;
          readonly reason: string | null;
          readonly factorSets: (string)[];
          readonly source: string | null;
        };
        readonly tariff: {
          readonly plan: string;
          readonly parts: ({
            readonly level: "sharp" | "peak" | "flat" | "valley" | "deep-valley";
            readonly kwh: number;
            readonly cost: number | null;
          })[];
          readonly cost: number | null;
          readonly idleCost: number | null;
          readonly estimated: boolean;
        } | null;
        readonly perOutput: {
          readonly kwh: number | null;
          readonly kgceCalorific: number | null;
          readonly kgceEquivalent: number | null;
          readonly kgCO2: number | null;
          readonly cost: number | null;
        };
        readonly trace: {
          readonly figure: string;
          readonly inputs: unknown;
          readonly codeVersion: string;
          readonly hash: string;
        };
      };
      readonly parts: ({
        readonly path: string;
        readonly energyKwh: number;
        readonly output: number;
      })[];
      readonly residualKwh: number | null;
      readonly carriers: ({
        readonly carrier: string;
        readonly unit: string;
        readonly amount: number;
        readonly estimated: number;
        readonly unresolved: number;
        readonly meters: (string)[];
        readonly kgce: number | null;
        readonly reason: string | null;
        readonly note: string | null;
        readonly factorSets: (string)[];
      })[];
      readonly comprehensive: {
        readonly kgceCalorific: number | null;
        readonly kgceEquivalent: number | null;
        readonly reason: string | null;
      };
      readonly allocated: ({
        readonly rule: string;
        readonly version: string;
        readonly utility: string;
        readonly drivers: (string)[];
        readonly allocatedKwh: number;
      })[];
      readonly withAllocated: {
        readonly energyKwh: number;
        readonly kwhPerOutput: number | null;
      } | null;
    };
  };
  readonly "alerts": {
    readonly query: {
      readonly open?: boolean;
      readonly equipment?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly answer: {
      readonly items: ({
        readonly id: string;
        readonly rule: string;
        readonly severity: "info" | "low" | "medium" | "high" | "critical";
        readonly condition: "active" | "cleared";
        readonly review: "new" | "acknowledged" | "closed";
        readonly title: {
          readonly en: string;
          readonly zh: string;
        };
        readonly message: string;
        readonly equipment: string | null;
        readonly subject: string | null;
        readonly technique: {
          readonly id: string;
          readonly name: string;
        } | null;
        readonly first: string;
        readonly last: string;
        readonly count: number;
        readonly acknowledgedBy: string | null;
        readonly acknowledgedAt: string | null;
        readonly disposition: "incident" | "expected-change" | "false-positive" | "duplicate" | "test" | null;
        readonly assignee: string | null;
        readonly shelvedUntil: string | null;
        readonly version: number;
      })[];
      readonly next: string | null;
    };
  };
  readonly "alerts/{id}/history": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly items: ({
        readonly sequence: number;
        readonly at: string;
        readonly by: string;
        readonly from: string;
        readonly action: string;
        readonly reason: string;
        readonly hash: string;
      })[];
      readonly trail: {
        readonly holds: boolean;
        readonly brokenAt: number | null;
        readonly reason: string | null;
      };
    };
  };
  readonly "allocation": {
    readonly query: {
      readonly from?: string;
      readonly to?: string;
    };
    readonly answer: {
      readonly units: {
        readonly totalKwh: "kW.h";
        readonly allocatedKwh: "kW.h";
        readonly plantIdleKwh: "kW.h";
        readonly residualKwh: "kW.h";
      };
      readonly from: string;
      readonly to: string;
      readonly items: ({
        readonly rule: string;
        readonly version: string;
        readonly utility: string;
        readonly totalKwh: number;
        readonly drivers: ({
          readonly driver: string | null;
          readonly hours: number;
        })[];
        readonly fallbacks: (string)[];
        readonly rows: ({
          readonly path: string;
          readonly share: number | null;
          readonly allocatedKwh: number;
        })[];
        readonly plantIdleKwh: number;
        readonly residualKwh: number;
      })[];
    };
  };
  readonly "anomalies": {
    readonly query: {
      readonly path?: string;
      readonly from?: string;
      readonly to?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly answer: {
      readonly threshold: number;
      readonly items: ({
        readonly id: string;
        readonly path: string;
        readonly from: string;
        readonly to: string | null;
        readonly peakScore: number;
        readonly peakAt: string;
        readonly context: string;
        readonly model: string;
        readonly contributions: ({
          readonly tag: string;
          readonly share: number;
          readonly value: number;
          readonly expected: number;
          readonly unit?: string;
        })[];
        readonly nearestEarlier: {
          readonly id: string;
          readonly from: string;
          readonly likeness: number;
        } | null;
      })[];
      readonly next: string | null;
      readonly series?: ({
        readonly at: string;
        readonly score: number | null;
        readonly reason: string | null;
        readonly alarm: boolean;
      })[];
    };
  };
  readonly "baseline": {
    readonly query: {
      readonly path?: string;
      readonly from?: string;
      readonly to?: string;
      readonly baseDays?: number;
    };
    readonly answer: {
      readonly path: string;
      readonly baseFrom: string;
      readonly from: string;
      readonly to: string;
      readonly units: {
        readonly energy: "kW.h";
        readonly output: "{eq}";
        readonly slope: "kW.h/{eq}";
      };
      readonly model: {
        readonly interceptKwh: number;
        readonly slopeKwhPerUnit: number;
        readonly r2: number;
        readonly cvRmse: number;
        readonly slopeP: number;
        readonly days: number;
        readonly bandKwh: number;
        readonly baseLoadShare: number;
        readonly minOutput: number;
        readonly maxOutput: number;
      } | null;
      readonly validity: {
        readonly valid: boolean;
        readonly checks: ({
          readonly name: string;
          readonly passed: boolean;
          readonly finding: string;
        })[];
      } | null;
      readonly rawChange: number | null;
      readonly adjustedChange: number | null;
      readonly energyKwh: number | null;
      readonly expectedKwh: number | null;
      readonly days: ({
        readonly day: string;
        readonly energyKwh: number | null;
        readonly output: number | null;
        readonly inBase: boolean;
        readonly excluded: "no-output" | "no-energy" | "low-coverage" | "no-data" | "open" | null;
        readonly expectedKwh: number | null;
        readonly savedKwh: number | null;
      })[];
    };
  };
  readonly "breakdown": {
    readonly query: {
      readonly path?: string;
      readonly by: "shift" | "product" | "order" | "day" | "month";
      readonly from?: string;
      readonly to?: string;
    };
    readonly answer: {
      readonly path: string;
      readonly units: {
        readonly energyKwh: "kW.h";
        readonly idleKwh: "kW.h";
        readonly output: "{eq}";
        readonly scrap: "{eq}";
        readonly sec: "kW.h/{eq}";
        readonly hours: "h";
      };
      readonly by: "shift" | "product" | "order" | "day" | "month";
      readonly from: string;
      readonly to: string;
      readonly items: ({
        readonly key: string | null;
        readonly from: string;
        readonly to: string;
        readonly hours: number;
        readonly energyKwh: number;
        readonly idleKwh: number;
        readonly output: number;
        readonly scrap: number;
        readonly sec: number | null;
        readonly split: boolean;
      })[];
    };
  };
  readonly "coverage": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly techniques: ({
        readonly id: string;
        readonly name: string;
        readonly state: "seen" | "testable" | "failing";
        readonly rules: (string)[];
      })[];
      readonly rules: ({
        readonly rule: string;
        readonly severity: "info" | "low" | "medium" | "high" | "critical";
        readonly title: {
          readonly en: string;
          readonly zh: string;
        };
        readonly technique: string | null;
        readonly catalogue: (string)[];
        readonly source: string;
        readonly evidence: string;
        readonly falsePositives: string;
        readonly selfTest: {
          readonly triggered: boolean;
          readonly quiet: boolean;
        };
      })[];
    };
  };
  readonly "data-quality": {
    readonly query: {
      readonly from?: string;
      readonly to?: string;
    };
    readonly answer: {
      readonly units: {
        readonly coverage: "1";
        readonly gap: "s";
      };
      readonly from: string;
      readonly to: string;
      readonly classDays: {
        readonly A: number;
        readonly B: number;
        readonly C: number;
        readonly none: number;
      };
      readonly items: ({
        readonly path: string;
        readonly meter: "live" | "dead" | "bad" | "stalled" | "waiting" | "none";
        readonly meterTags: (string)[];
        readonly meterAt: string | null;
        readonly coverage: number | null;
        readonly class: "A" | "B" | "C" | null;
        readonly days: {
          readonly A: number;
          readonly B: number;
          readonly C: number;
          readonly none: number;
        };
        readonly estimatedShare: number | null;
        readonly worstGapSeconds: number;
        readonly worstGapOn: string | null;
        readonly unresolved: number;
        readonly restatedDays: number;
      })[];
    };
  };
  readonly "energy": {
    readonly query: {
      readonly path?: string;
      readonly from?: string;
      readonly to?: string;
      readonly window?: "1m" | "15m" | "1h" | "1d";
    };
    readonly answer: {
      readonly path: string;
      readonly window: "1m" | "15m" | "1h" | "1d";
      readonly from: string;
      readonly to: string;
      readonly timezone: string;
      readonly units: {
        readonly energy: "kW.h";
        readonly output: "{eq}";
        readonly sec: "kW.h/{eq}";
        readonly standardCoal: "kgce";
      };
      readonly totals: {
        readonly energyKwh: number | null;
        readonly output: number | null;
        readonly scrap: number | null;
        readonly sec: number | null;
        readonly reason: "no-output" | "no-energy" | "low-coverage" | "no-data" | null;
        readonly idleKwh: number | null;
        readonly idleShare: number | null;
        readonly runHours: number;
        readonly idleHours: number;
        readonly offHours: number;
        readonly otherHours: number;
        readonly coverage: number | null;
        readonly estimatedShare: number | null;
        readonly worstGapSeconds: number;
        readonly unresolved: number;
        readonly class: "A" | "B" | "C" | null;
      };
      readonly standardCoal: {
        readonly calorific: {
          readonly kgce: number | null;
          readonly kgcePerOutput: number | null;
          readonly reason: string | null;
          readonly factorSets: ({
            readonly id: string;
            readonly edition: string;
          })[];
          readonly source: string | null;
        };
        readonly equivalent: {
          readonly kgce: number | null;
          readonly kgcePerOutput: number | null;
          readonly reason: string | null;
          readonly factorSets: ({
            readonly id: string;
            readonly edition: string;
          })[];
          readonly source: string | null;
        };
      };
      readonly points: ({
        readonly energyKwh: number | null;
        readonly output: number | null;
        readonly scrap: number | null;
        readonly sec: number | null;
        readonly reason: "no-output" | "no-energy" | "low-coverage" | "no-data" | null;
        readonly idleKwh: number | null;
        readonly idleShare: number | null;
        readonly runHours: number;
        readonly idleHours: number;
        readonly offHours: number;
        readonly otherHours: number;
        readonly coverage: number | null;
        readonly estimatedShare: number | null;
        readonly worstGapSeconds: number;
        readonly unresolved: number;
        readonly class: "A" | "B" | "C" | null;
        readonly start: string;
        readonly end: string;
        readonly state: "open" | "final";
        readonly revision: number;
        readonly kgceCalorific: number | null;
        readonly kgceEquivalent: number | null;
      })[];
    };
  };
  readonly "equipment": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly site: {
        readonly name: string;
        readonly displayName: {
          readonly en?: string;
          readonly zh?: string;
        };
        readonly enterprise: string;
        readonly timezone: string;
      };
      readonly units: {
        readonly power: string;
        readonly energy: string;
        readonly sec: string;
      };
      readonly items: ({
        readonly path: string;
        readonly parent: string | null;
        readonly level: "site" | "area" | "line" | "equipment";
        readonly name: string;
        readonly displayName: {
          readonly en?: string;
          readonly zh?: string;
        };
        readonly kind: string | null;
        readonly state: "run" | "idle" | "standby" | "off" | "alarm" | "changeover" | "unknown" | null;
        readonly live: {
          readonly at: string | null;
          readonly powerKw: number | null;
          readonly energyTodayKwh: number | null;
          readonly outputToday: number | null;
          readonly secToday: number | null;
          readonly secHour: number | null;
          readonly secReason: "no-output" | "no-energy" | "low-coverage" | null;
          readonly idleShareToday: number | null;
          readonly coverageToday: number | null;
          readonly classToday: "A" | "B" | "C" | null;
          readonly anomalyScore: number | null;
          readonly anomalyReason: string | null;
          readonly anomalyAlarm: boolean;
        };
        readonly tags: ({
          readonly name: string;
          readonly role: "energy-counter" | "power" | "output-counter" | "output-rate" | "scrap-counter" | "state" | "product" | "order" | "process";
          readonly unit: string | null;
          readonly value: number | string | boolean | null;
          readonly at: string | null;
          readonly statusCode: number;
        })[];
      })[];
    };
  };
  readonly "flow": {
    readonly query: {
      readonly from?: string;
      readonly to?: string;
    };
    readonly answer: {
      readonly from: string;
      readonly to: string;
      readonly items: ({
        readonly path: string;
        readonly parent: string | null;
        readonly energyKwh: number;
        readonly kgceCalorific: number | null;
        readonly kgceEquivalent: number | null;
        readonly residualKwh: number | null;
      })[];
      readonly equivalentReason: string | null;
    };
  };
  readonly "health": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly status: "ok" | "degraded" | "down";
      readonly at: string;
      readonly services: ({
        readonly service: "gateway" | "broker" | "scoring";
        readonly id: string;
        readonly version: string;
        readonly state: "starting" | "running" | "degraded" | "stopped";
        readonly at: string;
        readonly problems: ({
          readonly code: string;
          readonly severity: "info" | "warning" | "error";
          readonly service: string;
          readonly where: string;
          readonly message: string;
          readonly remedy: string;
          readonly since: string;
          readonly count: number;
          readonly equipment?: string;
        })[];
        readonly figures: Readonly<Record<string, number>>;
        readonly connections?: ({
          readonly name: string;
          readonly state: "connecting" | "running" | "polling" | "reconnecting" | "refused" | "unreachable" | "stopped";
          readonly reason: string;
          readonly since: string;
          readonly serviceLevel: number | null;
          readonly clockSkewMs: number | null;
          readonly tags: {
            readonly live: number;
            readonly waiting: number;
            readonly bad: number;
            readonly unknown: number;
            readonly quarantined: number;
            readonly offline: number;
          };
          readonly reading: {
            readonly subscriptions: number;
            readonly items: number;
            readonly polled: number;
          };
          readonly sessions: number;
          readonly repairs: number;
          readonly exceptions: ({
            readonly tag: string;
            readonly state: string;
            readonly reason?: string;
          })[];
        })[];
      })[];
      readonly problems: ({
        readonly code: string;
        readonly severity: "info" | "warning" | "error";
        readonly service: string;
        readonly where: string;
        readonly message: string;
        readonly remedy: string;
        readonly since: string;
        readonly count: number;
        readonly equipment?: string;
      })[];
    };
  };
  readonly "intensity": {
    readonly query: {
      readonly baseFrom: string;
      readonly baseTo: string;
      readonly from: string;
      readonly to: string;
      readonly basis?: "calorific" | "equivalent";
    };
    readonly answer: {
      readonly basis: "calorific" | "equivalent";
      readonly units: {
        readonly energy: "tce";
        readonly valueAdded: string;
        readonly intensity: string;
      };
      readonly base: {
        readonly energyTce: number | null;
        readonly valueAdded: number | null;
        readonly intensity: number | null;
        readonly reason: string | null;
      };
      readonly current: {
        readonly energyTce: number | null;
        readonly valueAdded: number | null;
        readonly intensity: number | null;
        readonly reason: string | null;
      };
      readonly change: number | null;
      readonly reason: string | null;
      readonly provisional: boolean;
    };
  };
  readonly "meter-fit": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly standard: "GB 17167-2006";
      readonly carrier: "electricity";
      readonly items: ({
        readonly level: "site" | "sub-unit" | "main-equipment";
        readonly required: number;
        readonly fitted: number;
        readonly requiredRate: number;
        readonly rate: number | null;
        readonly meets: boolean;
        readonly missing: (string)[];
        readonly unknown: (string)[];
      })[];
    };
  };
  readonly "models": {
    readonly query: {
      readonly path?: string;
    };
    readonly answer: {
      readonly items: ({
        readonly path: string;
        readonly version: number;
        readonly state: "candidate" | "shadow" | "active" | "retired";
        readonly createdAt: string | null;
        readonly trainedFrom: string | null;
        readonly trainedTo: string | null;
        readonly rows: number | null;
        readonly backend: string | null;
        readonly dataHash: string | null;
        readonly shadow: {
          readonly rows: number;
          readonly above: number;
          readonly alarms: number;
          readonly agreement: number | null;
        } | null;
        readonly damage: string | null;
      })[];
      readonly running: ({
        readonly path: string;
        readonly role: "active" | "shadow";
        readonly version: number;
        readonly score: number | null;
        readonly at: string | null;
        readonly retrainSuggested: boolean;
      })[];
    };
  };
  readonly "ranking": {
    readonly query: {
      readonly from?: string;
      readonly to?: string;
      readonly baseDays?: number;
    };
    readonly answer: {
      readonly from: string;
      readonly to: string;
      readonly units: {
        readonly energy: "kW.h";
        readonly cost: "CNY";
      };
      readonly items: ({
        readonly path: string;
        readonly energyKwh: number | null;
        readonly output: number | null;
        readonly sec: number | null;
        readonly reason: string | null;
        readonly class: "A" | "B" | "C" | null;
        readonly expectedKwh: number | null;
        readonly excessKwh: number | null;
        readonly excessReason: "no-baseline" | "baseline-not-valid" | "no-days" | null;
        readonly excessCost: number | null;
        readonly idleKwh: number | null;
        readonly idleShare: number | null;
        readonly idleHours: number;
        readonly idleCost: number | null;
        readonly cost: number | null;
      })[];
    };
  };
  readonly "revisions": {
    readonly query: {
      readonly path?: string;
      readonly window?: "1h" | "1d";
      readonly from?: string;
      readonly to?: string;
    };
    readonly answer: {
      readonly path: string;
      readonly units: {
        readonly energy: "kW.h";
        readonly output: "{eq}";
        readonly standardCoal: "kgce";
        readonly carbon: "kg";
        readonly cost: "CNY";
      };
      readonly windows: ({
        readonly start: string;
        readonly revision: number;
        readonly energyKwh: number | null;
        readonly idleKwh: number | null;
        readonly estimatedKwh: number | null;
        readonly output: number | null;
      })[];
      readonly conversions: ({
        readonly day: string;
        readonly revision: number;
        readonly writtenAt: string;
        readonly energyKwh: number;
        readonly output: number;
        readonly kgceCalorific: number | null;
        readonly kgceEquivalent: number | null;
        readonly kgCO2: number | null;
        readonly cost: number | null;
        readonly factorSets: (string)[];
        readonly tariff: string | null;
      })[];
      readonly scores: ({
        readonly at: string;
        readonly revision: number;
        readonly score: number | null;
        readonly alarm: boolean;
        readonly model: string;
      })[];
    };
  };
  readonly "setup": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly equipment: ({
        readonly path: string;
        readonly displayName: {
          readonly en?: string;
          readonly zh?: string;
        };
        readonly kind: string | null;
        readonly tags: ({
          readonly name: string;
          readonly role: "energy-counter" | "power" | "output-counter" | "output-rate" | "scrap-counter" | "state" | "product" | "order" | "process";
          readonly unit?: string;
          readonly carrier?: "electricity" | "natural-gas" | "compressed-air" | "heat" | "cooling" | "steam" | "water";
          readonly modulus?: number;
          readonly ratedMax?: number;
          readonly accuracyClass?: number;
          readonly range?: (number)[];
          readonly coefficient?: number;
          readonly boundaryOutput?: boolean;
          readonly states?: Readonly<Record<string, "run" | "idle" | "standby" | "off" | "alarm" | "changeover" | "unknown">>;
          readonly dataType?: string;
          readonly nodeId?: string;
        })[];
      })[];
      readonly factorSets: ({
        readonly id: string;
        readonly quantity: "kgce" | "kgCO2";
        readonly source: string;
        readonly edition: string;
        readonly region: string;
        readonly validFrom: string;
        readonly validTo: string | null;
        readonly inForce: boolean;
        readonly factors: ({
          readonly carrier: string;
          readonly unit: string;
          readonly basis: "calorific" | "equivalent";
          readonly value: number;
          readonly source: string;
        })[];
      })[];
      readonly electricityEquivalent: {
        readonly kgcePerKwh: number;
        readonly source: string;
      } | null;
      readonly boughtMedia: (string)[];
      readonly tariff: {
        readonly id: string;
        readonly source: string;
        readonly validFrom: string;
        readonly validTo: string | null;
        readonly flatPriceYuan: number | null;
        readonly seasons: ({
          readonly months: (number)[];
          readonly spans: ({
            readonly level: "sharp" | "peak" | "flat" | "valley" | "deep-valley";
            readonly from: string;
            readonly to: string;
          })[];
        })[];
        readonly overlays: ({
          readonly months: (number)[];
          readonly days: ("workday" | "rest-day" | "holiday")[];
          readonly spans: ({
            readonly level: "sharp" | "peak" | "flat" | "valley" | "deep-valley";
            readonly from: string;
            readonly to: string;
          })[];
        })[];
        readonly holidays: (string)[];
        readonly makeUpWorkdays: (string)[];
      } | null;
      readonly calendar: {
        readonly timezone: string;
        readonly shifts: ({
          readonly name: string;
          readonly from: string;
          readonly to: string;
        })[];
        readonly dayStartsAt: string;
        readonly meterReadingDay: number;
      };
    };
  };
  readonly "static-factors": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly items: ({
        readonly path: string;
        readonly from: string;
        readonly factor: string;
        readonly before: string;
        readonly after: string;
        readonly reason: string;
        readonly by: string;
        readonly at: string;
      })[];
    };
  };
  readonly "target": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly units: {
        readonly energyKwh: "kW.h";
        readonly output: "{eq}";
        readonly sec: "kW.h/{eq}";
        readonly change: "1";
      };
      readonly items: ({
        readonly id: string;
        readonly displayName: {
          readonly en?: string;
          readonly zh?: string;
        };
        readonly path: string;
        readonly base: {
          readonly from: string;
          readonly to: string;
          readonly days: number;
          readonly energyKwh: number;
          readonly output: number;
          readonly sec: number | null;
        };
        readonly current: {
          readonly from: string;
          readonly to: string;
          readonly days: number;
          readonly energyKwh: number;
          readonly output: number;
          readonly sec: number | null;
        };
        readonly rawChange: number | null;
        readonly adjustedChange: number | null;
        readonly loadEffect: number | null;
        readonly adjustedUncertainty: number | null;
        readonly adjustedReason: string | null;
        readonly baseline: {
          readonly interceptKwh: number;
          readonly slopeKwhPerUnit: number;
          readonly r2: number;
          readonly cvRmse: number;
          readonly days: number;
          readonly period: "day" | "shift";
          readonly variables: ({
            readonly name: string;
            readonly slope: number;
            readonly p: number;
            readonly mayFall: boolean;
          })[];
          readonly valid: boolean;
          readonly checks: ({
            readonly name: string;
            readonly passed: boolean;
            readonly finding: string;
          })[];
          readonly leftOut: Readonly<Record<string, number>>;
        } | null;
        readonly proof: {
          readonly verdict: "proven" | "not-distinguishable" | "not-proven";
          readonly reason: string;
          readonly changePoint: string | null;
        } | null;
        readonly lmdi: {
          readonly totalKwhPerDay: number;
          readonly activityKwhPerDay: number;
          readonly structureKwhPerDay: number;
          readonly intensityKwhPerDay: number;
          readonly parts: ({
            readonly path: string;
            readonly activityKwhPerDay: number;
            readonly structureKwhPerDay: number;
            readonly intensityKwhPerDay: number;
          })[];
        } | null;
        readonly reason: string | null;
        readonly levels: ({
          readonly reduction: number;
          readonly targetSec: number | null;
          readonly rawVerdict: "met" | "not-met" | "not-distinguishable" | "no-figure";
          readonly adjustedVerdict: "met" | "not-met" | "not-distinguishable" | "no-figure";
          readonly flatCutKwhPerDay: number | null;
          readonly outlook: {
            readonly neededSec: number | null;
            readonly forecastSec: number | null;
            readonly probability: number | null;
            readonly verdict: "on-track" | "at-risk" | "off-track" | null;
            readonly reason: string | null;
          } | null;
        })[];
        readonly multiYear: {
          readonly reduction: number;
          readonly yearlyReduction: number;
          readonly years: ({
            readonly year: number;
            readonly from: string;
            readonly to: string;
            readonly targetSec: number | null;
            readonly sec: number | null;
            readonly change: number | null;
            readonly days: number;
            readonly complete: boolean;
            readonly verdict: "met" | "not-met" | "not-distinguishable" | "no-figure";
          })[];
        } | null;
        readonly staticFactors: ({
          readonly path: string;
          readonly from: string;
          readonly factor: string;
          readonly before: string;
          readonly after: string;
          readonly reason: string;
          readonly by: string;
          readonly at: string;
        })[];
        readonly days: ({
          readonly day: string;
          readonly energyKwh: number;
          readonly output: number;
          readonly sec: number | null;
          readonly runningSec: number | null;
          readonly inBase: boolean;
        })[];
        readonly trace: {
          readonly figure: string;
          readonly inputs: unknown;
          readonly result: unknown;
          readonly codeVersion: string;
          readonly hash: string;
        };
        readonly founding: {
          readonly id: string;
          readonly title: {
            readonly en?: string;
            readonly zh?: string;
          };
          readonly source: string;
          readonly figures: ({
            readonly id: string;
            readonly title: {
              readonly en?: string;
              readonly zh?: string;
            };
            readonly actual2016: string | null;
            readonly target2017: string | null;
            readonly unit: string;
            readonly sentence: string;
            readonly scope: "core" | "secondary" | "out";
          })[];
        } | null;
      })[];
    };
  };
  readonly "value-added": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly items: ({
        readonly month: string;
        readonly nominal: number;
        readonly priceIndex: number;
        readonly status: "provisional" | "final";
        readonly source: string;
        readonly by: string;
        readonly at: string;
      })[];
    };
  };
};

/** POST by path below /api/v1/. */
export type ApiPosts = {
  readonly "alerts/{id}/acknowledge": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: {
      readonly id: string;
      readonly rule: string;
      readonly severity: "info" | "low" | "medium" | "high" | "critical";
      readonly condition: "active" | "cleared";
      readonly review: "new" | "acknowledged" | "closed";
      readonly title: {
        readonly en: string;
        readonly zh: string;
      };
      readonly message: string;
      readonly equipment: string | null;
      readonly subject: string | null;
      readonly technique: {
        readonly id: string;
        readonly name: string;
      } | null;
      readonly first: string;
      readonly last: string;
      readonly count: number;
      readonly acknowledgedBy: string | null;
      readonly acknowledgedAt: string | null;
      readonly disposition: "incident" | "expected-change" | "false-positive" | "duplicate" | "test" | null;
      readonly assignee: string | null;
      readonly shelvedUntil: string | null;
      readonly version: number;
    };
  };
  readonly "alerts/{id}/review": {
    readonly query: Readonly<Record<never, never>>;
    readonly body: {
      readonly action: "acknowledge" | "close" | "reopen" | "assign" | "comment" | "shelve" | "unshelve";
      readonly reason?: string;
      readonly disposition?: "incident" | "expected-change" | "false-positive" | "duplicate" | "test";
      readonly assignee?: string;
      readonly hours?: number;
      readonly version?: number;
    };
    readonly answer: {
      readonly id: string;
      readonly rule: string;
      readonly severity: "info" | "low" | "medium" | "high" | "critical";
      readonly condition: "active" | "cleared";
      readonly review: "new" | "acknowledged" | "closed";
      readonly title: {
        readonly en: string;
        readonly zh: string;
      };
      readonly message: string;
      readonly equipment: string | null;
      readonly subject: string | null;
      readonly technique: {
        readonly id: string;
        readonly name: string;
      } | null;
      readonly first: string;
      readonly last: string;
      readonly count: number;
      readonly acknowledgedBy: string | null;
      readonly acknowledgedAt: string | null;
      readonly disposition: "incident" | "expected-change" | "false-positive" | "duplicate" | "test" | null;
      readonly assignee: string | null;
      readonly shelvedUntil: string | null;
      readonly version: number;
    };
  };
  readonly "models/activate": {
    readonly query: Readonly<Record<never, never>>;
    readonly body: {
      readonly path: string;
      readonly version: number;
    };
    readonly answer: {
      readonly path: string;
      readonly version: number;
    };
  };
  readonly "models/rollback": {
    readonly query: Readonly<Record<never, never>>;
    readonly body: {
      readonly path: string;
    };
    readonly answer: {
      readonly path: string;
      readonly version: number;
    };
  };
  readonly "session": {
    readonly query: Readonly<Record<never, never>>;
    readonly body: {
      readonly token: string;
    };
    readonly answer: null;
  };
  readonly "static-factors": {
    readonly query: Readonly<Record<never, never>>;
    readonly body: {
      readonly items: ({
        readonly path: string;
        readonly from: string;
        readonly factor: string;
        readonly before: string;
        readonly after: string;
        readonly reason: string;
      })[];
    };
    readonly answer: {
      readonly items: ({
        readonly path: string;
        readonly from: string;
        readonly factor: string;
        readonly before: string;
        readonly after: string;
        readonly reason: string;
        readonly by: string;
        readonly at: string;
      })[];
    };
  };
  readonly "value-added": {
    readonly query: Readonly<Record<never, never>>;
    readonly body: {
      readonly items: ({
        readonly month: string;
        readonly nominal: number;
        readonly priceIndex: number;
        readonly status: "provisional" | "final";
        readonly source: string;
      })[];
    };
    readonly answer: {
      readonly items: ({
        readonly month: string;
        readonly nominal: number;
        readonly priceIndex: number;
        readonly status: "provisional" | "final";
        readonly source: string;
        readonly by: string;
        readonly at: string;
      })[];
    };
  };
};

/** DELETE by path below /api/v1/. */
export type ApiDeletes = {
  readonly "session": {
    readonly query: Readonly<Record<never, never>>;
    readonly answer: null;
  };
};
