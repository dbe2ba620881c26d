terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }

  # The state of this environment and of no other. Bucket and region are given to terraform init; the lock is a file
  # beside the state.
  backend "s3" {
    key          = "backend-dev.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  # Without a value where the state is of another stack.
  region = module.stack.aws_region

  # Stack is what the roles of one environment are told apart by from those of another.
  default_tags {
    tags = {
      Service     = "backend"
      Environment = "dev"
      Stack       = "backend-dev"
      ManagedBy   = "terraform"
    }
  }
}

# Cheap: no NAT, Fargate Spot, half a vCPU, and nothing that is charged by the month but the load balancer.
module "stack" {
  source = "../.."

  name        = "backend"
  environment = "dev"
  aws_region  = var.aws_region

  github_repository     = var.github_repository
  github_owner_id       = var.github_owner_id
  github_repository_id  = var.github_repository_id
  github_subject_format = var.github_subject_format
  state_bucket          = var.state_bucket

  nat                 = "none"
  cpu                 = 512
  memory              = 1024
  fargate_weight      = 0
  fargate_spot_weight = 1
  max_capacity        = 2

  container_insights = false
  log_encryption     = false
  flow_logs          = false
  access_logs        = false
  execute_command    = true
  allow_destroy      = true

  # The load balancer takes a task out that cannot work; ECS replaces one that does not answer at all.
  health_check_path      = "/ready"
  container_health_check = ["CMD", "python", "-m", "app.healthcheck"]

  environment_variables = {
    LOG_LEVEL = "debug"
  }
}
