import { lastSegment, revisionName } from '../aws/arn.ts';
import { LOST_SIGHT, type Cause, type Result } from '../model/index.ts';
import { escapeText } from './markdown.ts';
import { differentVersions, isGreen, isUntouched, type Report, type ServiceReport } from './report.ts';

const HEADLINES: Readonly<Record<Result, string>> = {
  succeeded: '✅ Deployed',
  unchanged: '✅ Nothing to deploy',
  registered: '✅ Task definition registered',
  planned: '📋 Planned',
  started: '🚀 Deployment started',
  'rolled-back': '↩️ Failed and rolled back',
  failed: '❌ Failed',
  'timed-out': '❌ Timed out',
  superseded: '⏭️ Superseded by another deployment',
  cancelled: '⚪ Cancelled',
};

/** What a run in `mode: rollback` did. */
export const ON_PURPOSE = '↩️ Rolled back on purpose';

/** The result in words, for a list of past deployments. */
export function headlineOf(result: Result): string {
  return HEADLINES[result];
}

/** Failures that come before anything is touched, each in words. */
const NOT_STARTED: Partial<Record<Cause, string>> = {
  'invalid-input': 'wrong input',
  'no-credentials': 'no AWS credentials',
  'cluster-not-found': 'no such cluster',
  'service-not-found': 'no such service',
  'service-inactive': 'the service is not active',
  'unsupported-controller': 'neither ECS nor CodeDeploy deploys this service',
  'register-refused': 'AWS refused the task definition',
  'update-refused': 'AWS refused the update',
  'preflight-failed': 'a check failed',
  'build-failed': 'the build failed',
  'push-failed': 'the push failed',
  'pre-deploy-task-failed': 'the pre-deploy task failed',
  'no-rollback-target': 'nothing to go back to',
  'access-denied': 'AWS denied access',
  'credentials-expired': 'the AWS credentials have expired',
};

/** Pure: how it ended, graded by what that means for the services. Plain text, without their names. */
export function grade(report: Report): string {
  const { result, cause, mode, services } = report;
  const [first] = services;
  if (cause === 'rollback-failed') return `🚨 The rollback failed${whatThatMeans(services)}`;
  const split = differentVersions(services);
  if (split !== undefined) return `⚠️ Services on different versions: ${split}`;
  if (result === 'failed') return gradeOfFailure(report);
  if (result === 'cancelled' && isUntouched(report))
    return report.steps.some(({ name }) => name === 'Pre-deploy')
      ? '⚪ Cancelled during the pre-deploy task'
      : '⚪ Cancelled before anything was touched';
  if (result === 'cancelled' && services.some(({ goesBack }) => goesBack === true))
    return `${HEADLINES.cancelled}, and rolling back`;
  if (result === 'rolled-back' && services.length === 1 && first !== undefined) {
    const title = cause === 'deployment-stopped' ? '↩️ Stopped and rolled back' : HEADLINES[result];
    return `${title}${to(first)}${stillFails(first)}`;
  }
  if (result === 'timed-out' && services.length > 0 && services.every(isLive)) return '⚠️ Live, not finished';
  if (result === 'timed-out')
    return `${HEADLINES[result]}${whatServes(services.filter((each) => each.result === result))}`;
  if (result === 'started' && services.some(({ stage }) => stage !== undefined))
    return '⏸️ Waits for a decision';
  if (result !== 'succeeded') return HEADLINES[result];
  if (mode === 'rollback') {
    return `${ON_PURPOSE}${services.length === 1 && first !== undefined ? to(first) : ''}`;
  }
  return services.length > 0 && services.every(({ desiredCount }) => desiredCount === 0)
    ? '⚠️ Scaled to zero, nothing proven'
    : HEADLINES[result];
}

/** Several checks, counted. */
function whatFailed(checks: Report['checks'], cause: Cause): string | undefined {
  const failed = checks.filter(({ state }) => state === 'FAILED').length;
  return cause === 'preflight-failed' && failed > 1 ? `${failed} checks failed` : undefined;
}

function gradeOfFailure({ cause, services, checks }: Report): string {
  const reason = cause === undefined ? undefined : (whatFailed(checks, cause) ?? NOT_STARTED[cause]);
  const hasNoDeployment = services.every(({ deploymentId }) => deploymentId === undefined);
  if (reason !== undefined && hasNoDeployment) return `✋ Not started: ${reason}`;
  const failed = services.filter(({ result }) => result === 'failed');
  if (failed.length > 0 && failed.every(isLive)) return '⚠️ Live, not proven';
  if (isUnseen(cause, failed)) return '⚠️ Not followed to its end, ECS goes on';
  return `${HEADLINES.failed}${whatServes(failed)}`;
}

/** Of services that were left as they are: whether anybody notices. Empty where it is not known, or not alike. */
function whatServes(services: readonly ServiceReport[]): string {
  const [first, ...others] = services.map(({ serving }) => serving);
  if (others.some((serving) => serving !== first)) return '';
  switch (first) {
    case 'no':
      return ', and nothing is serving';
    case 'partly':
      return ', and only some tasks are serving';
    case 'yes':
      return services.every(isServedByOld) ? ', and what ran before still serves' : '';
    case undefined:
      return '';
  }
}

/** A healthy task of another revision than that of this run. */
function isServedByOld({ running, taskDefinitionArn }: ServiceReport): boolean {
  return running.some(
    ({ healthy = 0, draining, ...each }) =>
      healthy > 0 && !draining && each.taskDefinitionArn !== taskDefinitionArn,
  );
}

/** The run lost sight of a deployment that goes on. */
function isUnseen(cause: Cause | undefined, failed: readonly ServiceReport[]): boolean {
  const isBlind = cause !== undefined && LOST_SIGHT.includes(cause);
  return isBlind && failed.some(({ deploymentId }) => deploymentId !== undefined);
}

/** It failed, or did not end, and what it brought serves all the same. */
function isAllLive({ result, services }: Report): boolean {
  const bad = services.filter((each) => !isGreen(each.result));
  return ['failed', 'timed-out'].includes(result) && bad.length > 0 && bad.every(isLive);
}

/** Pure: it runs the revision of this run, and serves with it alone. */
export function isLive({ running, serving, taskDefinitionArn }: ServiceReport): boolean {
  const primary = running.find(({ isPrimary }) => isPrimary);
  const healthy = primary?.healthy ?? 0;
  const isAllOfIt = healthy > 0 && healthy >= (primary?.desired ?? 0);
  return serving === 'yes' && primary?.taskDefinitionArn === taskDefinitionArn && isAllOfIt;
}

/** The same questions were asked again after the rollback. */
function stillFails({ gatesAfterRollback }: ServiceReport): string {
  const failed = gatesAfterRollback.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return '';
  return failed.every(({ gate }) => gate === 'http')
    ? ', and the URL still fails'
    : ', and not proven healthy';
}

function to(service: ServiceReport): string {
  const { running, taskDefinitionArn, previousTaskDefinitionArn, result, rolledBackTo } = service;
  const primary = running.find(({ isPrimary }) => isPrimary)?.taskDefinitionArn;
  const arn = primary ?? (result === 'rolled-back' ? previousTaskDefinitionArn : taskDefinitionArn);
  if (arn === '') return '';
  // A new number alone looks like something newer.
  const copy =
    rolledBackTo?.taskDefinitionArn === arn ? `, a copy of ${revisionName(rolledBackTo.copyOf)}` : '';
  return ` to ${revisionName(arn)}${copy}`;
}

/** After a rollback that failed. */
function whatThatMeans(services: readonly ServiceReport[]): string {
  const failed = services.filter(({ cause }) => cause === 'rollback-failed');
  if (failed.some(({ serving }) => serving === 'no')) return ', and nothing is serving';
  const revisions = failed.flatMap(({ running }) =>
    running.filter(({ draining }) => !draining).map((each) => each.taskDefinitionArn),
  );
  if (new Set(revisions).size > 1) return ', and two revisions run';
  if (failed.some(({ serving }) => serving === 'partly')) return ', and only some tasks are serving';
  const [only] = revisions;
  return only === undefined ? '' : `, and ${revisionName(only)} runs`;
}

/** The grade and what it is about, as Markdown: `✅ Deployed: backend in prod`. */
export function headline(report: Report): string {
  const { result, services, target } = report;
  const title = escapeText(grade(report));
  // Of several services, those that ended like this.
  const reached = services.filter((each) => each.result === result).map(({ name }) => name);
  const names = reached.length > 0 ? reached : (target?.services ?? services.map(({ name }) => name));
  const cluster = services[0]?.cluster ?? target?.cluster;
  if (names.length === 0 || cluster === undefined) return title;
  const where = escapeText(lastSegment(cluster));
  if (differentVersions(services) !== undefined && report.cause !== 'rollback-failed')
    return `${title} (${where})`;
  const shown = names.length > 3 ? `${names.length} services` : names.join(', ');
  return `${title}${title.includes(':') ? ' —' : ':'} ${escapeText(shown)} in ${where}`;
}

/** The colour of the alert that holds the message. */
export function alertKind(report: Report): 'CAUTION' | 'WARNING' | undefined {
  const { result, cause } = report;
  if (isGreen(result)) return undefined;
  if (cause === 'rollback-failed') return 'CAUTION';
  const failed = report.services.filter((each) => each.result === 'failed');
  const isOpen = isAllLive(report) || isUnseen(cause, failed);
  return result === 'cancelled' || result === 'superseded' || isOpen ? 'WARNING' : 'CAUTION';
}
