import { WaitError } from '../errors.js';
import type { CertificateInfo, ListRow } from '../namecheap/api.js';
import { PAGE_SIZE, readCompleteList } from './complete-list.js';
import type { ImportPlan, ImportProgress, ImportWork, ProgressChange, Standing } from './import-ports.js';
import type { ImportPayload } from './import-request.js';
import type { Outcome } from './import-result.js';

/** The part of the calls left in an account that one run of an import may take: orders come first. */
const SHARE = 0.5;

/** When nothing is left for the import, it looks again after this long, ms. */
const NO_CALLS_MS = 60_000;

/** One run of an import: what it reads it reads once, and keeps until it is settled. */
export class ImportRun {
  readonly work: ImportWork;
  readonly request: ImportPayload;
  /** The id of the import: what it brings in remembers it. */
  readonly id: string;
  readonly progress: ImportProgress;
  standing: Standing = { owners: new Map(), stock: new Set(), foreign: new Set() };
  #callsLeft: number;

  private constructor(
    work: ImportWork,
    request: ImportPayload,
    id: string,
    progress: ImportProgress,
    callsLeft: number,
  ) {
    this.work = work;
    this.request = request;
    this.id = id;
    this.progress = progress;
    this.#callsLeft = callsLeft;
  }

  static async open(work: ImportWork, request: ImportPayload, id: string): Promise<ImportRun> {
    const progress = await work.imports.load(work.account.id);
    const callsLeft = Math.floor((await work.account.readCallsLeft()) * SHARE);
    return new ImportRun(work, request, id, progress, callsLeft);
  }

  /** What the import found out of its account at its begin. */
  get plan(): ImportPlan {
    if (this.progress.plan === null) throw new Error('The import has no plan before its list');
    return this.progress.plan;
  }

  async savePlan(plan: ImportPlan): Promise<void> {
    this.progress.plan = plan;
    await this.#save({ plan });
  }

  /** One certificate with its PEM; asked for once, however often the import is interrupted before it is settled. @throws NamecheapError, WaitError. */
  readonly readInfo = async (certificateId: number): Promise<CertificateInfo> => {
    const known = this.progress.infos.get(certificateId);
    if (known !== undefined) return known;
    this.#demandCall();
    const { account, signal } = this.work;
    const info = await account.api.getInfo({ certificateId, withCertificate: true }, { signal });
    this.progress.infos.set(certificateId, info);
    await this.#save({ infos: new Map([[certificateId, info]]) });
    return info;
  };

  /** The whole account, page by page; pages that were read before an interruption are not read again. */
  async readList(): Promise<ListRow[]> {
    const { pages } = this.progress;
    return await readCompleteList(
      async (page) => {
        const known = pages.get(page);
        if (known !== undefined) return known;
        this.#demandCall();
        await this.work.report(`reading the list of certificates, page ${page}`);
        const input = { listType: 'ALL', page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE' } as const;
        const answer = await this.work.account.api.getList(input, { signal: this.work.signal });
        pages.set(page, answer);
        await this.#save({ pages: new Map([[page, answer]]) });
        return answer;
      },
      async () => {
        await this.#save({ pages: new Map([...pages.keys()].map((page) => [page, null])) });
        pages.clear();
      },
    );
  }

  /** What became of a chain, for good; the answers about it are not needed any more. */
  async settle(key: string, outcomes: Outcome[], ids: readonly number[]): Promise<void> {
    this.progress.outcomes.set(key, outcomes);
    const read = [...new Set(ids)].filter((id) => this.progress.infos.delete(id));
    await this.#save({
      outcomes: new Map([[key, outcomes]]),
      infos: new Map(read.map((id) => [id, null])),
    });
  }

  async #save(change: ProgressChange): Promise<void> {
    const { imports, account, lease, settings } = this.work;
    await imports.save(account.id, lease, settings.leaseMs, change);
  }

  #demandCall(): void {
    if (this.#callsLeft-- > 0) return;
    throw new WaitError(
      'What is left of the quota is kept for orders; the import goes on by itself',
      NO_CALLS_MS,
    );
  }
}
