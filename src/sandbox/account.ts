import { Big } from 'big.js';
import { makeCertificate, type Certificate } from './certificate.js';
import type { SandboxClock } from './clock.js';
import { computePrice, computeSansPrice, type Charge, type Order } from './order.js';
import type { TypeNames } from './type-names.js';

/** One API call that reached the account. */
export interface Call {
  at: number;
  command: string;
  /** `OK`, `ERROR`, `throttled` or the name of the fault that was injected. */
  outcome: string;
  /** The error numbers of the answer. */
  numbers: readonly number[];
  certificateId: number | null;
}

const FIRST_CERTIFICATE_ID = 9_000_001;
const FIRST_ORDER_ID = 7_000_001;
const FIRST_TRANSACTION_ID = 8_000_001;
const FIRST_PROVIDER_ORDER_ID = 500_001;

/** Namecheap's account: the balance, and everything that was ever bought and called. Kept in memory only. */
export class Account {
  readonly certificates = new Map<number, Certificate>();
  readonly charges: Charge[] = [];
  readonly calls: Call[] = [];
  /** Renewals and their reissues, by the CA order that they renew. */
  readonly #renewals = new Map<string, Certificate[]>();
  #balance: Big;

  /** @param balance USD, a decimal string. @param idOffset added to every id that is given out */
  constructor(
    balance: string,
    private readonly clock: SandboxClock,
    private readonly typeNames: TypeNames,
    private readonly idOffset = 0,
  ) {
    this.#balance = new Big(balance);
  }

  /** USD with four decimals. */
  get balance(): string {
    return this.#balance.toFixed(4);
  }

  set balance(amount: string) {
    this.#balance = new Big(amount);
  }

  /**
   * Buys: takes the money and adds a certificate, in one step; a renewal when there is a certificate that it renews.
   * Null, and nothing changed, when the money is short.
   */
  purchase(order: Order, renewed: Certificate | null = null): Charge | null {
    const position = this.certificates.size;
    const certificateId = FIRST_CERTIFICATE_ID + this.idOffset + position;
    const charge = this.#charge(order, computePrice(order), certificateId);
    if (charge === null) return null;
    const providerOrderId = String(FIRST_PROVIDER_ORDER_ID + this.idOffset + position);
    this.#add(makeCertificate(charge, providerOrderId, renewed));
    return charge;
  }

  /** Buys names for a certificate. Null, and nothing changed, when the money is short. */
  purchaseSans(certificate: Certificate, sansToAdd: number, command: string): Charge | null {
    const { product, type, years, certificateId } = certificate;
    const order = { product, type, years, sansToAdd, command, isByHand: false };
    const charge = this.#charge(order, computeSansPrice(order), certificateId);
    if (charge !== null) certificate.sansCount += sansToAdd;
    return charge;
  }

  /**
   * Adds a new certificate that is to take the place of an issued one: same order, same paid term, nothing charged. Its
   * purchase date stays the order's: facts are silent, and nothing was bought. The old one's status is left alone.
   */
  replace(old: Certificate, isByHand: boolean): Certificate {
    const certificateId = FIRST_CERTIFICATE_ID + this.idOffset + this.certificates.size;
    const certificate: Certificate = {
      ...old,
      certificateId,
      type: this.typeNames.renameAtReissue(old),
      status: 'purchased',
      activation: null,
      issuance: null,
      replaces: old.certificateId,
      replacedBy: null,
      revokedAt: null,
      isByHand,
    };
    this.#add(certificate);
    old.replacedBy = certificateId;
    return certificate;
  }

  /** The certificate that a renewal follows; null for those that are no renewals. */
  findRenewed({ renews }: Certificate): Certificate | null {
    return renews === null ? null : (this.certificates.get(renews) ?? null);
  }

  /** Whether the certificate, or another one of its CA order, was renewed; a cancelled renewal does not count. */
  isRenewed({ providerOrderId }: Certificate): boolean {
    const renewals = this.#renewals.get(providerOrderId) ?? [];
    return renewals.some((renewal) => renewal.status !== 'cancelled');
  }

  #add(certificate: Certificate): void {
    this.certificates.set(certificate.certificateId, certificate);
    const renewed = this.findRenewed(certificate)?.providerOrderId;
    if (renewed === undefined) return;
    this.#renewals.set(renewed, [...(this.#renewals.get(renewed) ?? []), certificate]);
  }

  #charge(order: Order, price: Big, certificateId: number): Charge | null {
    if (price.gt(this.#balance)) return null;
    this.#balance = this.#balance.minus(price);
    const position = this.charges.length;
    const charge: Charge = {
      ...order,
      at: this.clock.now(),
      orderId: FIRST_ORDER_ID + this.idOffset + position,
      transactionId: FIRST_TRANSACTION_ID + this.idOffset + position,
      certificateId,
      amount: price.toFixed(4),
    };
    this.charges.push(charge);
    return charge;
  }
}
