import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { HistoryEntry } from '../certificates/present.js';
import type { CheckedArchive, ArchiveSource } from './archive-check.js';
import {
  accountSchema,
  certificateSchema,
  decodeValue,
  encodeValue,
  isBuying,
  LEASE_FIELDS,
  listPurchaseIds,
  readRecord,
  type AccountLine,
  type ArchiveValue,
  type CertificateLine,
} from './archive-format.js';
