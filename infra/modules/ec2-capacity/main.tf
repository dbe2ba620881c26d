data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  ecs   = "arn:${data.aws_partition.current.partition}:ecs:${var.region}:${data.aws_caller_identity.current.account_id}"
  mixed = var.spot_percent > 0 || length(var.further_types) > 0
  image = var.gpu ? "amazon-linux-2023/gpu" : var.cpu_architecture == "ARM64" ? "amazon-linux-2023/arm64" : "amazon-linux-2023"
}

resource "aws_security_group" "instances" {
  name        = "${var.prefix}-instances"
  description = "Container instances of ${var.prefix}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.prefix}-instances" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.instances.id
  description       = "HTTPS to anywhere, for the ECS agent"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# The role of the ECS agent. Tasks have roles of their own and cannot get at this one.
resource "aws_iam_role" "instance" {
  name                 = "${var.prefix}-instance"
  path                 = var.role_path
  description          = "ECS agent on the instances of ${var.prefix}"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# What the ECS agent asks for on this one cluster. Images and logs are the business of each task's execution role.
resource "aws_iam_role_policy" "instance" {
  #checkov:skip=CKV_AWS_355:DiscoverPollEndpoint and DescribeTags have no resources.
  #checkov:skip=CKV_AWS_290:DiscoverPollEndpoint and DescribeTags have no resources.
  name = "ecs-agent"
  role = aws_iam_role.instance.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Cluster"
        Effect   = "Allow"
        Action   = ["ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange"]
        Resource = "${local.ecs}:cluster/${var.cluster_name}"
      },
      {
        Sid      = "Instance"
        Effect   = "Allow"
        Action   = ["ecs:Poll", "ecs:StartTelemetrySession", "ecs:TagResource", "ecs:UpdateContainerInstancesState"]
        Resource = "${local.ecs}:container-instance/${var.cluster_name}/*"
      },
      {
        Sid      = "Everywhere"
        Effect   = "Allow"
        Action   = ["ec2:DescribeTags", "ecs:DiscoverPollEndpoint"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = "${var.prefix}-instance"
  path = var.role_path
  role = aws_iam_role.instance.name
}

resource "aws_launch_template" "this" {
  name_prefix            = "${var.prefix}-"
  description            = "Container instances of ${var.prefix}"
  update_default_version = true
  instance_type          = var.instance_type

  # EC2 looks the image up at each start, so that new instances have the current one.
  image_id = "resolve:ssm:/aws/service/ecs/optimized-ami/${local.image}/recommended/image_id"

  vpc_security_group_ids = [aws_security_group.instances.id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  user_data = base64encode(join("\n", concat(
    [
      "#!/bin/bash",
      "cat > /etc/ecs/ecs.config <<'EOF'",
      "ECS_CLUSTER=${var.cluster_name}",
      "ECS_AWSVPC_BLOCK_IMDS=true",
      "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
    ],
    var.gpu ? ["ECS_ENABLE_GPU_SUPPORT=true"] : [],
    ["EOF", ""],
  )))

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = var.gpu ? 100 : 30
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = var.prefix, Stack = var.prefix }
  }
}

resource "aws_autoscaling_group" "this" {
  name_prefix           = "${var.prefix}-"
  vpc_zone_identifier   = var.subnet_ids
  min_size              = var.min_size
  max_size              = var.max_size
  protect_from_scale_in = true
  force_delete          = var.allow_destroy

  dynamic "launch_template" {
    for_each = local.mixed ? [] : [aws_launch_template.this]
    content {
      id      = launch_template.value.id
      version = launch_template.value.latest_version
    }
  }

  # Several types and Spot: the more types, the less often AWS takes instances back.
  dynamic "mixed_instances_policy" {
    for_each = local.mixed ? [aws_launch_template.this] : []
    content {
      instances_distribution {
        on_demand_base_capacity                  = var.on_demand_base
        on_demand_percentage_above_base_capacity = 100 - var.spot_percent
        spot_allocation_strategy                 = "price-capacity-optimized"
      }

      launch_template {
        launch_template_specification {
          launch_template_id = mixed_instances_policy.value.id
          version            = mixed_instances_policy.value.latest_version
        }

        dynamic "override" {
          for_each = distinct(concat([var.instance_type], var.further_types))
          content {
            instance_type = override.value
          }
        }
      }
    }
  }

  # Before AWS takes a Spot instance back.
  capacity_rebalance = var.spot_percent > 0

  instance_refresh {
    strategy = "Rolling"
    preferences {
      scale_in_protected_instances = "Refresh"
    }
  }

  tag {
    key                 = "AmazonECSManaged"
    value               = "true"
    propagate_at_launch = true
  }

  # The tags of the provider do not reach a group.
  tag {
    key                 = "Stack"
    value               = var.prefix
    propagate_at_launch = true
  }

  tag {
    key                 = "Name"
    value               = var.prefix
    propagate_at_launch = true
  }

  depends_on = [aws_iam_role_policy.instance]

  lifecycle {
    create_before_destroy = true

    # ECS sets the number of instances by what its tasks need.
    ignore_changes = [desired_capacity]
  }
}

resource "aws_ecs_capacity_provider" "this" {
  name = var.prefix

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.this.arn
    managed_draining               = "ENABLED"
    managed_termination_protection = "ENABLED"

    managed_scaling {
      status          = "ENABLED"
      target_capacity = 100
    }
  }
}
