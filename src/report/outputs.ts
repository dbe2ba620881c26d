import { consoleUrl } from './facts.ts';
import type { Report } from './report.ts';

/** Pure: every output of action.yml, as text. What is not known is empty. */
export function outputsOf(report: Report, reportPath: string): Record<string, string> {
  const [first] = report.services;
  const values: Record<string, string | undefined> = {
    result: report.result,
    cause: report.cause,
    message: report.message,
    changed: String(report.changed),
    image: report.image?.toBeBuilt === true ? undefined : report.image?.reference,
    'image-digest': report.image?.digest,
    registry: report.image?.registry,
    'task-definition-arn': first?.taskDefinitionArn ?? report.definition?.arn,
    'previous-task-definition-arn': first?.previousTaskDefinitionArn,
    'service-deployment-arn': first?.serviceDeploymentArn,
    'deployment-id': first?.deploymentId,
    'codedeploy-deployment-id': first?.codeDeploymentId,
    stage: first?.stage,
    'stage-expires': first?.stageExpires,
    url: report.url,
    'console-url': first === undefined ? undefined : consoleUrl(first),
    'duration-seconds': String(report.durationSeconds),
    report: reportPath,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']));
}
