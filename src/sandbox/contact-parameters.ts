import type { ValidationLevel } from './catalogue.js';
import type { SigningRequest } from './csr.js';
import type { Parameters } from './parameters.js';
import { demand } from './refusal.js';

/** Documented maximum lengths, with the number of the "too long" error. */
const LENGTHS: readonly (readonly [name: string, max: number, tooLong: number])[] = [
  ['AdminEmailAddress', 255, 2013214],
  ['AdminOrganizationName', 255, 2013203],
  ['OrganizationDepartment', 255, 2013372],
  ['AdminCountry', 2, 2013210],
  ['AdminStateProvince', 255, 2013208],
  ['AdminCity', 255, 2013207],
  ['AdminAddress1', 255, 2013205],
  ['AdminAddress2', 255, 2013206],
  ['AdminPostalCode', 255, 2013209],
  ['AdminPhone', 32, 2013211],
  ['OrganizationDUNS', 20, 2013380],
  ['CompanyIncorporationCountry', 2, 2013667],
  ['CompanyIncorporationStateProvince', 255, 2013381],
  ['CompanyIncorporationLocality', 100, 2013382],
  ['CompanyIncorporationDate', 100, 2013383],
  ['CompanyDBA', 100, 2013384],
  ['CompanyRegistrationNumber', 100, 2013385],
  ['OrganizationRepFirstName', 60, 2013373],
  ['OrganizationRepLastName', 60, 2013374],
  ['OrganizationRepTitle', 60, 2013375],
  ['OrganizationRepPhone', 255, 2013376],
  ['OrganizationRepEmailAddress', 128, 2013377],
];

const PHONE = /^\+\d{1,3}\.\d{4,15}$/u;
const COUNTRY = /^[A-Za-z]{2}$/u;

/** Patterns of those that have one, with the number of the "invalid" error. */
const PATTERNS: readonly (readonly [name: string, pattern: RegExp, invalid: number])[] = [
  ['AdminEmailAddress', /^[^\s@]+@[^\s@]+\.[^\s@]+$/u, 2011214],
  ['AdminCountry', COUNTRY, 4011297],
  ['CompanyIncorporationCountry', COUNTRY, 4011297],
  ['AdminPhone', PHONE, 2011212],
  ['OrganizationDUNS', /^\d+$/u, 4011900],
  ['CompanyIncorporationDate', /^\d{4}-\d{2}-\d{2}$/u, 2011668],
];

const EV_ADDRESS = ['AdminCountry', 'AdminStateProvince', 'AdminCity', 'AdminAddress1', 'AdminPostalCode'];

/**
 * Checks the contact and organisation parameters of an activation: lengths and formats for every product, the
 * organisation's name for OV and EV, address and place of incorporation for EV.
 * @throws Refusal
 */
export function checkContacts(parameters: Parameters, level: ValidationLevel, csr: SigningRequest): void {
  for (const [name, max, tooLong] of LENGTHS) parameters.limitLength(name, max, tooLong);
  for (const [name, pattern, invalid] of PATTERNS) {
    const value = parameters.get(name);
    demand(value === null || pattern.test(value), invalid, `Parameter ${name} is Invalid`);
  }
  if (level === 'dv') return;
  const organization = parameters.get('AdminOrganizationName') ?? csr.subject.O;
  demand(organization !== '', 2010396, 'Parameter AdminOrganizationName is Missing');
  if (level === 'ev') requireEvAddress(parameters);
}

function requireEvAddress(parameters: Parameters): void {
  parameters.requireAll(Object.fromEntries(EV_ADDRESS.map((name) => [name, 2010326])));
  parameters.require('CompanyIncorporationCountry', 2010667);
}
