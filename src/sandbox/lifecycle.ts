import type { Account } from './account.js';
import type { Authority } from './authority.js';
import { readCommonName, type Activation, type Certificate, type Submission } from './certificate.js';
import { DAY, type SandboxClock } from './clock.js';
import { listCertificateNames } from './names.js';
import { computeCarryOver, computeTermEnd, isTermOver } from './term.js';

/** When validation completes: after the configured delay, not before somebody says so, or at once. */
export type ValidationMode = 'auto' | 'never' | 'now';

export interface LifecycleSettings {
  leafDays: number;
  /** Length of just the next certificate issued; null for the usual length. */
  nextLeafDays: number | null;
  validationDelayMs: number;
  /** For certificates activated or reissued from now on. */
  mode: ValidationMode;
}

const SECOND = 1000;

/**
 * Takes certificates from activation, or reissue, to issuance. Nothing runs in the background: `settle`, called before every
 * request, issues what has become due by the sandbox's clock, dated to the moment it became due.
 */
export class Lifecycle {
  readonly #leaves = new Map<number, Promise<string>>();

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
  reissue(old: Certificate, submission: Submission): Certificate {
    const certificate = this.account.replace(old);
    this.#submit(certificate, submission);
    return certificate;
  }

  /** What the CA does with a request it rejects: only Namecheap's support can undo it. */
  reject(certificate: Certificate): void {
    certificate.status = 'purchaseerror';
  }

  /** Starts a pending validation anew: ssl.editDCVMethod does. One that was told never to complete stays so. */
  restartValidation(activation: Activation): void {
    if (activation.validatedAt !== null) activation.validatedAt = this.#planValidation('auto');
  }

  /** Overrides a pending validation. */
  setMode(activation: Activation, mode: ValidationMode): void {
    activation.validatedAt = this.#planValidation(mode);
  }

  /** Issues every certificate whose validation has completed, the earliest first; never beyond the paid term. */
  settle(): void {
    const now = this.clock.now();
    const due: { certificate: Certificate; at: number }[] = [];
    for (const certificate of this.account.certificates.values()) {
      const at = certificate.activation?.validatedAt ?? null;
      const isAwaited = certificate.status === 'purchased' && certificate.issuance === null;
      if (!isAwaited || at === null || at > now || isTermOver(certificate, at)) continue;
      due.push({ certificate, at });
    }
    due.sort((a, b) => a.at - b.at);
    for (const { certificate, at } of due) this.#issue(certificate, at);
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
    certificate.activation = { ...submission, at, validatedAt: this.#planValidation(this.settings.mode) };
    certificate.status = 'purchased';
  }

  #planValidation(mode: ValidationMode): number | null {
    if (mode === 'never') return null;
    return this.clock.now() + (mode === 'now' ? 0 : this.settings.validationDelayMs);
  }

  #issue(certificate: Certificate, dueAt: number): void {
    // X.509 knows whole seconds: cut here, so that every place tells the same time.
    const at = Math.floor(dueAt / SECOND) * SECOND;
    const [commonName = '', ...sans] = certificate.activation?.names.map((name) => name.domain) ?? [];
    certificate.termEnd ??= computeTermEnd(certificate, at);
    const days = this.settings.nextLeafDays ?? this.settings.leafDays;
    this.settings.nextLeafDays = null;
    certificate.issuance = {
      at,
      notAfter: Math.min(at + days * DAY, certificate.termEnd),
      names: listCertificateNames(certificate.product.coverage, commonName, sans),
    };
    certificate.status = 'active';
  }
}
