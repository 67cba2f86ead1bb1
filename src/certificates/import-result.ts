import type { Status } from './record.js';

/** What became of one certificate, chain or row of the map. */
export type Outcome =
  | { kind: 'known'; serviceId: string; certificateId: number }
  | ({ kind: 'adopted' } & AdoptedCertificate)
  | ({ kind: 'created' | 'mapped' } & ImportedService)
  | ({ kind: 'stock' | 'foreign' } & UnownedCertificate)
  | ({ kind: 'missing' } & MissingCertificate)
  | ({ kind: 'problem' } & ImportProblem);

/** A reissue that somebody made by hand and that goes on as the service's own. */
export interface AdoptedCertificate {
  serviceId: string;
  certificateId: number;
  /** `pending-validation`: the CA has not issued it yet. */
  state: 'issued' | 'pending-validation';
}

/** A service that the import brought in. Times ISO. */
export interface ImportedService {
  serviceId: string;
  certificateId: number;
  commonName: string;
  status: Status;
  endDate: string | null;
  paidTill: string | null;
}

export interface UnownedCertificate {
  certificateId: number;
  commonName: string;
  type: string;
  status: string;
}

export interface MissingCertificate {
  serviceId: string;
  certificateId: number;
  why: string;
}

/** What a person has to look at, and how. */
export interface ImportProblem {
  serviceId: string | null;
  certificateId: number | null;
  problem: string;
}

/** The return value of the job `import`. */
export interface ImportResult {
  module: string;
  /** Certificates in the account's list. */
  listed: number;
  /** Chains whose service is known and as it should be. */
  known: number;
  adopted: AdoptedCertificate[];
  created: ImportedService[];
  mapped: ImportedService[];
  stock: UnownedCertificate[];
  foreign: UnownedCertificate[];
  missing: MissingCertificate[];
  problems: ImportProblem[];
}

/** The outcomes, each where its kind belongs. */
export function composeImportResult(
  module: string,
  listed: number,
  outcomes: readonly Outcome[],
): ImportResult {
  const result: ImportResult = {
    ...{ module, listed, known: 0 },
    ...{ adopted: [], created: [], mapped: [], stock: [], foreign: [], missing: [], problems: [] },
  };
  for (const outcome of outcomes) addOutcome(result, outcome);
  return result;
}

function addOutcome(result: ImportResult, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'known':
      result.known += 1;
      break;
    case 'adopted': {
      const { serviceId, certificateId, state } = outcome;
      result.adopted.push({ serviceId, certificateId, state });
      break;
    }
    case 'created':
    case 'mapped': {
      const { serviceId, certificateId, commonName, status, endDate, paidTill } = outcome;
      result[outcome.kind].push({ serviceId, certificateId, commonName, status, endDate, paidTill });
      break;
    }
    case 'stock':
    case 'foreign': {
      const { certificateId, commonName, type, status } = outcome;
      result[outcome.kind].push({ certificateId, commonName, type, status });
      break;
    }
    case 'missing': {
      const { serviceId, certificateId, why } = outcome;
      result.missing.push({ serviceId, certificateId, why });
      break;
    }
    case 'problem': {
      const { serviceId, certificateId, problem } = outcome;
      result.problems.push({ serviceId, certificateId, problem });
      break;
    }
  }
}
