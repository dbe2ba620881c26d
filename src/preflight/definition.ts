/** What AWS refuses of the definition, by its own rules, and of the services that get it. */
import { definitionViolations, placementViolations, type Violation } from '../ecs/definition-rules/index.ts';
import type { JsonObject, ServiceSnapshot } from '../model/index.ts';
import { failed, ok, runsOnFargate, warning, type Candidate, type Check, type Finding } from './check.ts';

/** Checks of their own tell of these. */
const TOLD_ELSEWHERE = new Set([
  'cpu on Fargate',
  'memory on Fargate',
  'size on Fargate',
  'size of the definition',
  'container of a load balancer',
  'port of a load balancer',
]);

/** RegisterTaskDefinition takes the definition. */
export const definitionRules: Check = {
  name: 'task definition',
  nothing: 'it is registered already',
  look(_aws, candidate) {
    if (candidate.existingArn !== undefined) return [];
    const taken = new Set((candidate.heldByAws ?? []).flatMap(definitionViolations).map(keyOf));
    const broken = definitionViolations(candidate.definition).filter((each) => !taken.has(keyOf(each)));
    return findingsOf(broken, 'it breaks no rule of RegisterTaskDefinition that is known');
  },
};

/** UpdateService takes the definition for each service, and RunTask for the task before the rollout. */
export const serviceSettings: Check = {
  name: 'service settings',
  nothing: 'no service',
  look: (_aws, candidate) => candidate.services.flatMap((service) => placementFindings(service, candidate)),
};

function placementFindings(service: ServiceSnapshot, { definition, request }: Candidate): readonly Finding[] {
  const broken = placementViolations({
    definition,
    settings: settingsOf(service, request.rollout.desiredCount),
  });
  return findingsOf(broken, `the definition fits ${service.address.name}`, `for ${service.address.name}, `);
}

/** In the fields of CreateService, as far as a run leaves or sets them. */
function settingsOf(service: ServiceSnapshot, desiredCount: number | undefined): JsonObject {
  const { placement, schedulingStrategy } = service;
  const subnets = placement.networkConfiguration?.awsvpcConfiguration?.subnets;
  return {
    schedulingStrategy,
    ...(subnets === undefined
      ? {}
      : { networkConfiguration: { awsvpcConfiguration: { subnets: [...subnets] } } }),
    ...(runsOnFargate(service) ? { launchType: 'FARGATE' } : {}),
    ...(desiredCount === undefined ? {} : { desiredCount }),
  };
}

function findingsOf(broken: readonly Violation[], fine: string, where = ''): readonly Finding[] {
  const told = broken.filter(({ rule }) => !TOLD_ELSEWHERE.has(rule));
  if (told.length === 0) return [ok(fine)];
  return told.map((each) => (each.certain ? failed : warning)(`${where}${describeViolation(each)}`));
}

/** The place, what to write instead, and what AWS says to it. */
export function describeViolation({ path, instead, words, refused }: Violation): string {
  const said = words.replace(/\.$/, '');
  return `${path}: ${instead} (${refused ? `AWS: "${said}"` : said})`;
}

function keyOf({ rule, path, words }: Violation): string {
  return JSON.stringify([rule, path, words]);
}
