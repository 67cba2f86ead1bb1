import { describe, expect, it } from 'vitest';
import {
  contactsSchema,
  listActivationParameters,
  listOrganizationFaults,
  organizationSchema,
} from '../../src/certificates/organization.js';

const DV = { validation: 'dv' } as const;
const OV = { validation: 'ov' } as const;
const EV = { validation: 'ev' } as const;

const full = organizationSchema.parse({
  ...{ name: 'Gleisdreieck Hosting GmbH', department: 'Web', country: 'de', state: 'Berlin', city: 'Berlin' },
  ...{
    address1: 'Gleisweg 1',
    address2: 'Hof 2',
    postalCode: '10963',
    phone: '+49.301234567',
    duns: '315123456',
  },
  ...{ incorporationCountry: 'DE', incorporationState: 'Berlin', incorporationLocality: 'Charlottenburg' },
  ...{ incorporationDate: '2009-03-31', tradeName: 'Gleis', registrationNumber: 'HRB 1' },
});
const contacts = contactsSchema.parse({
  representative: {
    ...{
      firstName: 'Ada',
      lastName: 'Kranz',
      title: 'CTO',
      phone: '+49.301234568',
      email: 'ada@example.com',
    },
  },
});

describe('organizationSchema', () => {
  it.each([
    [{ country: 'DEU' }, 'two letters'],
    [{ country: 'UK' }, 'GB'],
    [{ country: 'XX' }, 'ISO 3166-1'],
    [{ incorporationCountry: 'EU' }, 'ISO 3166-1'],
    [{ phone: '030 1234567' }, '+NNN.NNNNNNNNNN'],
    [{ duns: '31-512-3456' }, 'number'],
    [{ incorporationDate: '31.03.2009' }, 'date'],
    [{ incorporationDate: '2009-02-30' }, 'date'],
    [{ incorporationLocality: 'x'.repeat(101) }, '100'],
    [{ name: '  ' }, '1'],
    [{ nmae: 'x' }, 'nmae'],
  ])('refuses %j', (organization, why) => {
    const issues = organizationSchema.safeParse(organization).error?.issues ?? [];
    expect(issues.map(({ message }) => message)).toEqual([expect.stringContaining(why)]);
  });

  it('limits the representative as the API does', () => {
    const long = { representative: { firstName: 'x'.repeat(61), email: 'nobody', titel: 'Dr.' } };
    expect(contactsSchema.safeParse(long).error?.issues).toHaveLength(3);
  });
});

describe('listOrganizationFaults', () => {
  it('asks nothing of a DV order', () => {
    expect(listOrganizationFaults(DV, undefined, undefined)).toEqual([]);
  });

  it('needs an organisation for OV and EV', () => {
    for (const product of [OV, EV]) {
      expect(listOrganizationFaults(product, undefined, 'Acme')).toEqual([
        expect.stringMatching(/^organization: /),
      ]);
      expect(listOrganizationFaults(product, full, undefined)).toEqual([]);
    }
  });

  it('takes the name from the CSR', () => {
    expect(listOrganizationFaults(OV, {}, 'Gleisdreieck Hosting GmbH')).toEqual([]);
    expect(listOrganizationFaults(OV, {}, undefined)).toEqual([
      expect.stringMatching(/^organization\.name: an OV/),
    ]);
  });

  it('names every field that EV misses', () => {
    const faults = listOrganizationFaults(EV, {}, undefined);
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(
      ['name', 'country', 'state', 'city', 'address1', 'postalCode', 'incorporationCountry'].map(
        (field) => `organization.${field}`,
      ),
    );
  });
});

describe('listActivationParameters', () => {
  const common = {
    AdminOrganizationName: 'Gleisdreieck Hosting GmbH',
    OrganizationDepartment: 'Web',
    AdminCountry: 'DE',
    AdminStateProvince: 'Berlin',
    AdminCity: 'Berlin',
    AdminAddress1: 'Gleisweg 1',
    AdminAddress2: 'Hof 2',
    AdminPostalCode: '10963',
    AdminPhone: '+49.301234567',
    OrganizationDUNS: '315123456',
  };

  it('sends nothing for DV', () => {
    expect(listActivationParameters(DV, full, contacts)).toEqual({});
  });

  it('sends the representative for OV', () => {
    expect(listActivationParameters(OV, full, contacts)).toEqual({
      ...common,
      OrganizationRepFirstName: 'Ada',
      OrganizationRepLastName: 'Kranz',
      OrganizationRepTitle: 'CTO',
      OrganizationRepPhone: '+49.301234568',
      OrganizationRepEmailAddress: 'ada@example.com',
    });
  });

  it('sends the incorporation for EV', () => {
    expect(listActivationParameters(EV, full, contacts)).toEqual({
      ...common,
      CompanyIncorporationCountry: 'DE',
      CompanyIncorporationStateProvince: 'Berlin',
      CompanyIncorporationLocality: 'Charlottenburg',
      CompanyIncorporationDate: '2009-03-31',
      CompanyDBA: 'Gleis',
      CompanyRegistrationNumber: 'HRB 1',
    });
  });

  it('sends only what was given', () => {
    expect(listActivationParameters(OV, { city: 'Berlin' })).toEqual({ AdminCity: 'Berlin' });
    expect(listActivationParameters(EV)).toEqual({});
  });
});
