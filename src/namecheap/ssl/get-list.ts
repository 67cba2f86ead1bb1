import { z } from 'zod';
import type { CallOptions, ListInput, ListPage } from '../api.js';
import type { Call } from '../command.js';
import { count, countOrNull, date, element, id, list, text, textOrNull, word } from '../fields.js';
import { checkInput } from '../input.js';

const COMMAND = 'namecheap.ssl.getList';

const inputSchema = z.object({
  listType: z.string().min(1).max(50),
  page: z.int().min(1).optional(),
  pageSize: z.int().min(10).max(100).optional(),
  sortBy: z.string().min(1).max(50).optional(),
  searchTerm: z.string().min(1).max(70).optional(),
});

const rowSchema = element({
  '@certificateid': id,
  '@hostname': text,
  '@ssltype': text,
  '@status': word,
  '@years': countOrNull,
  '@providerorderid': textOrNull,
  '@purchasedate': date,
  '@expiredate': date,
});

/** Without `Paging` nobody could tell whether a listing is complete, and absence from it proves purchases not made. */
const resultSchema = z.object({
  ssllistresult: element({ ssl: list(rowSchema) }),
  paging: element({ totalitems: count, currentpage: count, pagesize: count }),
});

/** @throws NamecheapError. */
export async function getList(call: Call, input: ListInput, options?: CallOptions): Promise<ListPage> {
  const { listType, page, pageSize, sortBy, searchTerm } = checkInput(COMMAND, 'read', inputSchema, input);
  const parameters = {
    ListType: listType,
    ...(page === undefined ? {} : { Page: String(page) }),
    ...(pageSize === undefined ? {} : { PageSize: String(pageSize) }),
    ...(sortBy === undefined ? {} : { SortBy: sortBy }),
    ...(searchTerm === undefined ? {} : { SearchTerm: searchTerm }),
  };
  const { ssllistresult, paging } = await call(
    { command: COMMAND, kind: 'read', parameters, result: resultSchema },
    options,
  );
  const rows = ssllistresult.ssl.map((row) => ({
    certificateId: row['@certificateid'],
    hostName: row['@hostname'],
    type: row['@ssltype'],
    status: row['@status'],
    years: row['@years'] === 0 ? null : row['@years'],
    providerOrderId: row['@providerorderid'],
    purchaseDate: row['@purchasedate'],
    expireDate: row['@expiredate'],
  }));
  return { rows, totalItems: paging.totalitems, currentPage: paging.currentpage, pageSize: paging.pagesize };
}
