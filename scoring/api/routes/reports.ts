import { Type } from 'typebox';
import { JoulegateError } from '../../../broker/contract/error.ts';
import { ApiError } from '../api-error.ts';
import { isKnown } from '../plugins/etag.ts';
import { languageOf } from '../plugins/problem.ts';
import { problemAnswers, type ApiApp, type RouteDeps } from './route.ts';

const formats = ['xlsx', 'pdf', 'csv'] as const;

/** A report takes a processor for a second or more. */
const REPORTS_PER_MINUTE = 30;

const ReportQuery = Type.Object({
  month: Type.Optional(
    Type.String({
      pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
      examples: ['2026-10'],
      description: 'YYYY-MM; default: the last complete month.',
    }),
  ),
  format: Type.Enum(formats, { default: 'xlsx' }),
  lang: Type.Optional(Type.Enum(['zh', 'en'], { description: 'Default: by Accept-Language.' })),
});

const file = Type.String({ format: 'binary' });
const ReportAnswer = {
  description: 'The report as a file. Same data, same bytes; ETag is the hash of the data.',
  content: {
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': { schema: file },
    'application/pdf': { schema: file },
    'text/csv': { schema: Type.String() },
  },
};

/** The month report as XLSX, PDF or CSV, in Chinese or English. */
export function reportRoutes(app: ApiApp, { reports }: RouteDeps): void {
  app.get(
    '/api/v1/reports/month',
    {
      config: { rateLimit: { max: REPORTS_PER_MINUTE, timeWindow: 60_000 } },
      schema: {
        tags: ['energy'],
        summary: 'Month report',
        querystring: ReportQuery,
        response: {
          200: ReportAnswer,
          304: Type.Null({ description: 'The data have not changed since If-None-Match.' }),
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      if (reports === undefined) {
        throw new ApiError('NOT_FOUND', { en: 'this service makes no reports', zh: '本服务不生成报表' });
      }
      const { query, headers } = request;
      const language = query.lang ?? languageOf(headers['accept-language']);
      const month = query.month ?? reports.lastMonth();
      const rendered = reports.render({ month, format: query.format, language });
      const { body, hash, mediaType, fileName } = await rendered.catch((error: unknown) => {
        if (!(error instanceof JoulegateError) || error.code !== 'QUERY_INVALID') throw error;
        const last = reports.lastMonth();
        throw new ApiError('QUERY_INVALID', {
          en: error.message,
          zh: `参数 "month"：${month} 尚未开始；最近的完整月份是 ${last}`,
        });
      });
      const etag = `"${hash.slice(0, 32)}-${language}-${query.format}"`;
      reply.headers({ etag, 'cache-control': 'private, no-cache', vary: 'accept-language' });
      if (isKnown(etag, headers['if-none-match'])) return reply.code(304).send(null);
      return reply
        .headers({ 'content-disposition': `attachment; filename="${fileName}"`, 'content-language': language })
        .type(mediaType)
        .send(Buffer.from(body) as never);
    },
  );
}
