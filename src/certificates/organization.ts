import { z } from 'zod';
import type { Product } from '../../config/products.js';
import { COUNTRY_CODES } from './country-codes.js';

const text = (length: number) => z.string().trim().min(1).max(length).optional();

const country = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{2}$/, { error: 'must be a country code of two letters (ISO 3166-1), such as US' })
  .refine((code) => !/^[A-Z]{2}$/.test(code) || code === 'UK' || COUNTRY_CODES.has(code), {
    error: 'is not a country code of ISO 3166-1',
  })
  .refine((code) => code !== 'UK', { error: 'UK is not an ISO 3166-1 code; the United Kingdom is GB' })
  .optional();

const date = z.iso.date({ error: 'must be a date such as 2019-05-31' }).optional();

/** The API's limit is 32 characters; the form is its own. */
const phone = z
  .string()
  .regex(/^\+\d{1,3}\.\d{4,14}$/, { error: 'must have the form +NNN.NNNNNNNNNN, such as +1.6613102107' })
  .optional();

/** The organisation that an OV or EV certificate vouches for. Lengths are the API's (ssl.activate). */
export const organizationSchema = z.strictObject({
  /** Default: the O of the CSR. */
  name: text(255),
  department: text(255),
  country,
  state: text(255),
  city: text(255),
  address1: text(255),
  address2: text(255),
  postalCode: text(255),
  phone,
  duns: z
    .string()
    .regex(/^\d{1,20}$/, { error: 'must be a number, without blanks or hyphens' })
    .optional(),
  /** This and the following: EV only. */
  incorporationCountry: country,
  incorporationState: text(255),
  incorporationLocality: text(100),
  incorporationDate: date,
  tradeName: text(100),
  registrationNumber: text(100),
});
export type Organization = z.output<typeof organizationSchema>;

/** People. OV only: the organisation's representative, whom the CA calls or writes to. */
export const contactsSchema = z.strictObject({
  representative: z
    .strictObject({
      firstName: text(60),
      lastName: text(60),
      title: text(60),
      phone: text(255),
      email: z.email().max(128).optional(),
    })
    .optional(),
});
export type Contacts = z.output<typeof contactsSchema>;

type ApiNames<T> = Readonly<Record<keyof T, string>>;
type EvField = Extract<keyof Organization, `incorporation${string}` | 'tradeName' | 'registrationNumber'>;

const ORGANIZATION_NAMES: ApiNames<Omit<Organization, EvField>> = {
  name: 'AdminOrganizationName',
  department: 'OrganizationDepartment',
  country: 'AdminCountry',
  state: 'AdminStateProvince',
  city: 'AdminCity',
  address1: 'AdminAddress1',
  address2: 'AdminAddress2',
  postalCode: 'AdminPostalCode',
  phone: 'AdminPhone',
  duns: 'OrganizationDUNS',
};

const EV_NAMES: ApiNames<Pick<Organization, EvField>> = {
  incorporationCountry: 'CompanyIncorporationCountry',
  incorporationState: 'CompanyIncorporationStateProvince',
  incorporationLocality: 'CompanyIncorporationLocality',
  incorporationDate: 'CompanyIncorporationDate',
  tradeName: 'CompanyDBA',
  registrationNumber: 'CompanyRegistrationNumber',
};

const REPRESENTATIVE_NAMES: ApiNames<NonNullable<Contacts['representative']>> = {
  firstName: 'OrganizationRepFirstName',
  lastName: 'OrganizationRepLastName',
  title: 'OrganizationRepTitle',
  phone: 'OrganizationRepPhone',
  email: 'OrganizationRepEmailAddress',
};

/** Optional for OV; without them the API refuses an EV activation with 2010326 or 2010667, after the purchase. */
const EV_REQUIRED = ['country', 'state', 'city', 'address1', 'postalCode', 'incorporationCountry'] as const;

/**
 * What is missing for the product's level of validation; empty for DV, which needs no organisation.
 * @param csrName the O of the CSR, which stands in for `organization.name`
 */
export function listOrganizationFaults(
  { validation }: Pick<Product, 'validation'>,
  organization: Organization | undefined,
  csrName: string | undefined,
): string[] {
  if (validation === 'dv') return [];
  const level = validation.toUpperCase();
  if (organization === undefined)
    return [`organization: an ${level} certificate needs it; give at least its name`];
  const missing: string[] =
    validation === 'ev' ? EV_REQUIRED.filter((field) => organization[field] === undefined) : [];
  if (organization.name === undefined && (csrName ?? '').trim() === '') missing.unshift('name');
  return missing.map((field) => `organization.${field}: an ${level} certificate needs it`);
}

/** Parameters of ssl.activate under the API's own names; what the product's validation does not use is left out. */
export function listActivationParameters(
  { validation }: Pick<Product, 'validation'>,
  organization: Organization = {},
  contacts: Contacts = {},
): Record<string, string> {
  if (validation === 'dv') return {};
  return {
    ...rename(ORGANIZATION_NAMES, organization),
    ...(validation === 'ev'
      ? rename(EV_NAMES, organization)
      : rename(REPRESENTATIVE_NAMES, contacts.representative ?? {})),
  };
}

function rename<K extends string>(
  names: Readonly<Record<K, string>>,
  values: Readonly<Partial<Record<K, string | undefined>>>,
): Record<string, string> {
  const fields = Object.keys(names) as K[]; // Object.keys forgets the keys' type; `names` is a literal of this file.
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = values[field];
      return value === undefined ? [] : [[names[field], value]];
    }),
  );
}
