/** One replica as its primary sees it. */
export interface Replica {
  /** host:port, for people. */
  name: string;
  isOnline: boolean;
  /** Seconds since it last told how far it is. */
  lag: number;
}

/**
 * A replica that has been silent for longer than this is lost, seconds: Redis's own default for `min-replicas-max-lag`.
 * One that is well tells every second how far it is.
 */
const LOST_AFTER_S = 10;

export function isLost({ isOnline, lag }: Replica): boolean {
  return !isOnline || lag > LOST_AFTER_S;
}

/** One field of INFO; '' where there is none. */
export function readInfo(info: string, field: string): string {
  return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}

/** The replicas in INFO replication. */
export function readReplicas(info: string): Replica[] {
  return [...info.matchAll(/^slave\d+:(.*?)\r?$/gm)].map(([, line = '']) => {
    const fields = new Map(line.split(',').map((part) => splitOnce(part)));
    return {
      name: `${fields.get('ip') ?? '?'}:${fields.get('port') ?? '?'}`,
      isOnline: fields.get('state') === 'online',
      lag: Number(fields.get('lag') ?? Infinity),
    };
  });
}

function splitOnce(part: string): [string, string] {
  const at = part.indexOf('=');
  return [part.slice(0, at), part.slice(at + 1)];
}
