"""Starts moto_server with what it lacks for this stack. The arguments are those of moto_server.

Each part says what AWS does and moto does not; without it a plan right after an apply would not be clean.
"""
import json
import sys

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Scaling
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ecs.models import EC2ContainerServiceBackend as EcsBackend
from moto.ecs.responses import EC2ContainerServiceResponse as EcsResponse
from moto.iam.access_control import IAMPolicyStatement, PermissionResult

# Application Auto Scaling keeps tags; moto does not know the three calls, and the provider repeats them for minutes.
TAGS = {}


def list_tags_for_resource(self):
    return json.dumps({"Tags": TAGS.get(self._get_param("ResourceARN"), {})})


def tag_resource(self):
    TAGS.setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags") or {})
    return "{}"


def untag_resource(self):
    for key in self._get_param("TagKeys") or []:
        TAGS.get(self._get_param("ResourceARN"), {}).pop(key, None)
    return "{}"


register_scalable_target_of_moto = Scaling.register_scalable_target


def register_scalable_target(self):
    answer = register_scalable_target_of_moto(self)
    arn = json.loads(answer)["ScalableTargetARN"]
    TAGS.setdefault(arn, {}).update(self._get_param("Tags") or {})
    return answer


for function in (list_tags_for_resource, tag_resource, untag_resource, register_scalable_target):
    setattr(Scaling, function.__name__, function)

# CreateService keeps every setting; moto drops these.
KEPT = {
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "deploymentConfiguration": "deployment_configuration",
    "capacityProviderStrategy": "capacity_provider_strategy",
}
create_service_of_moto = EcsResponse.create_service


def create_service(self):
    answer = create_service_of_moto(self)
    service = answer.result["service"]
    for name, attribute in KEPT.items():
        value = self._get_param(name)
        if value is not None:
            setattr(service, attribute, value)
    return answer


EcsResponse.create_service = create_service

# A service shows the ARN of its revision; moto shows what it was given.
update_service_of_moto = EcsBackend.update_service


def update_service(self, props):
    definition = props.get("task_definition")
    if definition:
        props["task_definition"] = self.describe_task_definition(definition).arn
    return update_service_of_moto(self, props)


EcsBackend.update_service = update_service

# A rule between two security groups has a description as well.
SecurityGroupRule.description = property(
    lambda rule: rule.ip_range.get("Description") or rule.source_group.get("Description")
)

# The tags of a launch template itself are not among those of what it launches.
create_launch_template_of_moto = LaunchTemplateBackend.create_launch_template


def create_launch_template(self, name, description, template_data, tag_spec):
    tags = template_data.get("TagSpecifications", [])
    template_data["TagSpecifications"] = [one for one in tags if one.get("ResourceType") != "launch-template"]
    return create_launch_template_of_moto(self, name, description, template_data, tag_spec)


LaunchTemplateBackend.create_launch_template = create_launch_template

# A bucket policy has conditions; moto overlooks them, and would refuse every request where those without TLS are refused.
# On loopback there is no TLS, so such a statement counts as if each request had it.
is_action_permitted_of_moto = IAMPolicyStatement.is_action_permitted


def is_action_permitted(self, *args, **kwargs):
    condition = self._statement.get("Condition", {})
    if condition.get("Bool", {}).get("aws:SecureTransport") == "false":
        return PermissionResult.NEUTRAL
    return is_action_permitted_of_moto(self, *args, **kwargs)


IAMPolicyStatement.is_action_permitted = is_action_permitted

from moto.server import main  # noqa: E402  (after the changes above)

main(sys.argv[1:])
