const PREFIX = 'end-date-';

/** The id of the one reissue that time demands for an End date: whoever scans how often, it is begun once. */
export function composeReissueId(endDate: string): string {
  return `${PREFIX}${endDate}`;
}

/** Whether a reissue was demanded by the scan. */
export function isReissueId(id: string): boolean {
  return id.startsWith(PREFIX);
}
