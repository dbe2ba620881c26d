/** Where to deploy: region, cluster and services. */
import { MODES } from '../model.ts';
import type { Request } from '../model.ts';
import { oneOf, quoted } from './grammar.ts';
import { commaList } from './lines.ts';
import { cluster, clusterPlace, region, service, servicePlace } from './names.ts';
import type { Place } from './names.ts';
import type { InputReader } from './reader.ts';

export function readWhere(read: InputReader): Pick<Request, 'mode' | 'region' | 'cluster' | 'services'> {
  const where = {
    mode: read.value('mode', oneOf(MODES), 'deploy'),
    region: read.optional('aws-region', region),
    cluster: read.value('cluster', cluster, 'default'),
    services: read.value('service', commaList(service)),
  };
  const places = where.services.map((written) => ({ written, place: servicePlace(written) }));
  reportServicesGivenTwice(read, places);
  const named = read.isSet('cluster')
    ? { written: where.cluster, place: clusterPlace(where.cluster) }
    : undefined;
  const first = named ?? places.find(({ place }) => place.cluster !== undefined);
  if (first === undefined) return where;
  if (named !== undefined) reportRegion(read, 'cluster', named, where.region);
  for (const each of places) {
    if (!agree(first.place, each.place)) {
      read.problem(
        'service',
        `${quoted(each.written)} is not in the cluster of ${quoted(first.written)}. ${ONE_CLUSTER}`,
      );
    }
    reportRegion(read, 'service', each, where.region);
  }
  return { ...where, cluster: named?.written ?? first.place.cluster ?? where.cluster };
}

const ONE_CLUSTER = 'All services of a run are in one cluster: name that cluster, or leave cluster out.';

interface Named {
  readonly written: string;
  readonly place: Place;
}

function reportServicesGivenTwice(read: InputReader, services: readonly Named[]): void {
  const seen = new Set<string | undefined>();
  for (const { written, place } of services) {
    if (seen.has(place.service))
      read.problem('service', `${quoted(written)} is a service that is given twice. Leave one out.`);
    seen.add(place.service);
  }
}

/** What one of the two does not say cannot contradict the other. */
function agree(one: Place, other: Place): boolean {
  const same = (a: string | undefined, b: string | undefined): boolean =>
    a === undefined || b === undefined || a === b;
  return (
    same(one.cluster, other.cluster) && same(one.account, other.account) && same(one.region, other.region)
  );
}

function reportRegion(read: InputReader, input: string, named: Named, desired: string | undefined): void {
  const its = named.place.region;
  if (desired === undefined || its === undefined || its === desired) return;
  read.problem(
    input,
    `${quoted(named.written)} is in ${its}, but aws-region is ${quoted(desired)}. Give the same region.`,
  );
}
