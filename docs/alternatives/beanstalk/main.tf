# An application of Elastic Beanstalk with one environment of the Docker platform, behind a load balancer.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }
}

variable "name" {
  description = "Of the application; its environment is NAME-prod."
  type        = string
  default     = "backend"
}

variable "instance_type" {
  description = "ARM64, as the image is."
  type        = string
  default     = "m7g.large"
}

data "aws_elastic_beanstalk_solution_stack" "docker" {
  most_recent = true
  name_regex  = "^64bit Amazon Linux 2023 .* running Docker$"
}

data "aws_iam_policy_document" "trust" {
  for_each = { instance = "ec2.amazonaws.com", service = "elasticbeanstalk.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each           = data.aws_iam_policy_document.trust
  name               = "${var.name}-beanstalk-${each.key}"
  assume_role_policy = each.value.json
}

# Instances pull the image with their own role.
resource "aws_iam_role_policy_attachment" "this" {
  for_each = {
    "AWSElasticBeanstalkWebTier"                          = "instance"
    "AmazonEC2ContainerRegistryReadOnly"                  = "instance"
    "service-role/AWSElasticBeanstalkEnhancedHealth"      = "service"
    "AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy" = "service"
  }

  role       = aws_iam_role.this[each.value].name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_iam_instance_profile" "this" {
  name = aws_iam_role.this["instance"].name
  role = aws_iam_role.this["instance"].name
}

resource "aws_elastic_beanstalk_application" "this" {
  name = var.name

  appversion_lifecycle {
    service_role          = aws_iam_role.this["service"].arn
    max_count             = 50
    delete_source_from_s3 = true
  }
}

locals {
  # https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html
  settings = {
    "aws:autoscaling:launchconfiguration" = {
      IamInstanceProfile = aws_iam_instance_profile.this.name
      # Nothing but the instance's own metadata service of the second version.
      DisableIMDSv1 = "true"
    }
    "aws:ec2:instances" = { InstanceTypes = var.instance_type }
    "aws:autoscaling:asg" = {
      MinSize = "1"
      MaxSize = "4"
    }
    "aws:autoscaling:trigger" = {
      MeasureName    = "CPUUtilization"
      Unit           = "Percent"
      UpperThreshold = "70"
      LowerThreshold = "30"
    }
    "aws:elasticbeanstalk:environment" = {
      EnvironmentType  = "LoadBalanced"
      LoadBalancerType = "application"
      ServiceRole      = aws_iam_role.this["service"].arn
    }
    "aws:elasticbeanstalk:environment:process:default" = {
      Port            = "80"
      HealthCheckPath = "/ready"
    }
    # New instances beside the old ones; those that do not become healthy are taken away again.
    "aws:elasticbeanstalk:command"                 = { DeploymentPolicy = "Immutable" }
    "aws:elasticbeanstalk:healthreporting:system"  = { SystemType = "enhanced" }
    "aws:elasticbeanstalk:application:environment" = { LOG_LEVEL = "info" }
    "aws:elasticbeanstalk:cloudwatch:logs" = {
      StreamLogs      = "true"
      RetentionInDays = "7"
    }
  }
}

resource "aws_elastic_beanstalk_environment" "this" {
  name                = "${var.name}-prod"
  application         = aws_elastic_beanstalk_application.this.name
  solution_stack_name = data.aws_elastic_beanstalk_solution_stack.docker.name

  dynamic "setting" {
    for_each = merge([
      for namespace, options in local.settings : {
        for name, value in options : "${namespace} ${name}" => { namespace = namespace, name = name, value = value }
      }
    ]...)

    content {
      namespace = setting.value.namespace
      name      = setting.value.name
      value     = setting.value.value
    }
  }

  lifecycle {
    # deploy.yml deploys.
    ignore_changes = [version_label]
  }
}

output "url" {
  description = "Where the service answers."
  value       = "http://${aws_elastic_beanstalk_environment.this.cname}"
}
