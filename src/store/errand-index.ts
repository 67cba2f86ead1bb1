import type { WaitingErrand } from '../certificates/ports.js';

/** The names of services and jobs have none. */
const SEPARATOR = '|';

/** The errand as it stands in the index `errands`. */
export function nameMember({ serviceId, job, id }: Omit<WaitingErrand, 'dueAt'>): string {
  return [serviceId, job, id].join(SEPARATOR);
}

/** The errand of a member; an id may have the separator. */
export function readMember(member: string): Omit<WaitingErrand, 'dueAt'> {
  const [serviceId = '', job = '', ...id] = member.split(SEPARATOR);
  return { serviceId, job, id: id.join(SEPARATOR) };
}
