import type { Account } from './account.js';
import { Agenda } from './agenda.js';
import type { Authority } from './authority.js';
import { readCommonName, type Activation, type Certificate, type Submission } from './certificate.js';
import { DAY, type SandboxClock } from './clock.js';
import { computeLeafDays, type LeafDays } from './leaf-life.js';
import { listCertificateNames } from './names.js';
import { computeCarryOver, computeTermEnd, isTermOver, type ExpiryReading } from './term.js';

/**
 * When validation completes: after the configured delay, not before somebody says so, at once, or once the client asks
 * again (ssl.editDCVMethod, ssl.resendApproverEmail).
 */
export const VALIDATION_MODES = ['auto', 'never', 'now', 'retry'] as const;
export type ValidationMode = (typeof VALIDATION_MODES)[number];

/** When a reissued certificate becomes `replaced`: as its reissue is accepted, or as that one is issued. */
export const REPLACEMENT_MOMENTS = ['accepted', 'issued'] as const;
export type ReplacementMoment = (typeof REPLACEMENT_MOMENTS)[number];

export interface LifecycleSettings {
  leafDays: LeafDays;
  /** Length of just the next certificate issued; null for the usual length. */
  nextLeafDays: number | null;
  validationDelayMs: number;
  /** For certificates activated or reissued from now on. */
  mode: ValidationMode;
  replacedWhen: ReplacementMoment;
  expires: ExpiryReading;
}

const SECOND = 1000;

/**
 * Takes certificates from activation, or reissue, to issuance. Nothing runs in the background: `settle`, called before every
 * request, issues what has become due by the sandbox's clock, dated to the moment it became due.
 */
export class Lifecycle {
  readonly #leaves = new Map<number, Promise<string>>();
  /** Pending validations, by when they complete. */
  readonly #agenda = new Agenda<Certificate>();

  constructor(
    private readonly account: Account,
    private readonly authority: Authority,
    private readonly clock: SandboxClock,
    readonly settings: LifecycleSettings,
  ) {}

  activate(certificate: Certificate, submission: Submission): void {
    const renewed = this.account.findRenewed(certificate);
    if (renewed !== null) certificate.carriedOverDays = computeCarryOver(renewed, this.clock.now());
    this.#submit(certificate, submission);
  }

  /** The certificate that takes the old one's place, waiting for its own validation. */
  reissue(old: Certificate, submission: Submission, isByHand: boolean): Certificate {
    const certificate = this.account.replace(old, isByHand);
    if (this.settings.replacedWhen === 'accepted') old.status = 'replaced';
    this.#submit(certificate, submission);
    return certificate;
  }

  /** What the CA does with a request it rejects: only Namecheap's support can undo it. */
  reject(certificate: Certificate): void {
    certificate.status = 'purchaseerror';
  }

  /**
   * Starts a pending validation anew: ssl.editDCVMethod does. One that was told never to complete stays so, one that
   * waits to be asked again completes after the usual delay.
   */
  restartValidation(certificate: Certificate): void {
    const { activation } = certificate;
    if (activation === null || (activation.validatedAt === null && !activation.isAwaitingRetry)) return;
    this.setMode(certificate, 'auto');
  }

  /** Has the CA look again: ssl.resendApproverEmail does. Only a validation that waits for it goes on. */
  retryValidation(certificate: Certificate): void {
    if (certificate.activation?.isAwaitingRetry === true) this.setMode(certificate, 'auto');
  }

  /** Overrides a pending validation. */
  setMode(certificate: Certificate, mode: ValidationMode): void {
    if (certificate.activation === null) return;
    Object.assign(certificate.activation, this.#planValidation(mode));
    this.resume(certificate);
  }

  /** Puts the certificate's validation on the agenda, as it stands; to be called after every change of it. */
  resume(certificate: Certificate): void {
    const at = certificate.activation?.validatedAt ?? null;
    if (at !== null) this.#agenda.add({ at, item: certificate });
  }

  /** Issues every certificate whose validation has completed, the earliest first; never beyond the paid term. */
  settle(): void {
    for (const { at, item: certificate } of this.#agenda.takeUntil(this.clock.now())) {
      const isAwaited = certificate.status === 'purchased' && certificate.issuance === null;
      // An entry may be out of date: the validation was started anew, or the status forced.
      const isCurrent = certificate.activation?.validatedAt === at;
      if (isAwaited && isCurrent && !isTermOver(certificate, at)) this.#issue(certificate, at);
    }
  }

  /** The leaf, PEM; signed on first demand. */
  async getLeaf(certificate: Certificate): Promise<string> {
    const { activation, issuance, certificateId } = certificate;
    if (activation === null || issuance === null) {
      throw new Error(`certificate ${certificateId} was not issued: ask for its leaf after issuance`);
    }
    const leaf =
      this.#leaves.get(certificateId) ??
      this.authority.sign({
        commonName: readCommonName(certificate),
        names: issuance.names,
        publicKey: activation.csr.publicKey,
        notBefore: issuance.at,
        notAfter: issuance.notAfter,
      });
    this.#leaves.set(certificateId, leaf);
    return leaf;
  }

  get chain(): readonly string[] {
    return this.authority.chain;
  }

  /** The leaf with its chain as PKCS #7, PEM. */
  bundle(leaf: string): string {
    return this.authority.bundle(leaf);
  }

  #submit(certificate: Certificate, submission: Submission): void {
    const at = this.clock.now();
    certificate.activation = { ...submission, at, ...this.#planValidation(this.settings.mode) };
    certificate.status = 'purchased';
    this.resume(certificate);
  }

  #planValidation(mode: ValidationMode): Pick<Activation, 'validatedAt' | 'isAwaitingRetry'> {
    if (mode === 'never' || mode === 'retry') return { validatedAt: null, isAwaitingRetry: mode === 'retry' };
    const delay = mode === 'now' ? 0 : this.settings.validationDelayMs;
    return { validatedAt: this.clock.now() + delay, isAwaitingRetry: false };
  }

  #issue(certificate: Certificate, dueAt: number): void {
    // X.509 knows whole seconds: cut here, so that every place tells the same time.
    const at = Math.floor(dueAt / SECOND) * SECOND;
    const [commonName = '', ...sans] = certificate.activation?.names.map((name) => name.domain) ?? [];
    certificate.termEnd ??= computeTermEnd(certificate, at);
    const days = this.settings.nextLeafDays ?? computeLeafDays(this.settings.leafDays, at);
    this.settings.nextLeafDays = null;
    certificate.issuance = {
      at,
      notAfter: Math.min(at + days * DAY, certificate.termEnd),
      names: listCertificateNames(certificate.product.coverage, commonName, sans),
    };
    certificate.status = 'active';
    if (this.settings.replacedWhen === 'issued') this.#retire(certificate);
  }

  /** The certificate that this one is the reissue of is in force no longer. */
  #retire({ replaces }: Certificate): void {
    const old = replaces === null ? undefined : this.account.certificates.get(replaces);
    if (old?.status === 'active') old.status = 'replaced';
  }
}
