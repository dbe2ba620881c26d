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
    key          = "backend-staging.tfstate"
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
      Environment = "staging"
      Stack       = "backend-staging"
      ManagedBy   = "terraform"
    }
  }
}

# As prod, but with one NAT gateway and half of the tasks beyond the first on Fargate Spot.
module "stack" {
  source = "../.."

  name        = "backend"
  environment = "staging"
  aws_region  = var.aws_region

  github_repository     = var.github_repository
  github_owner_id       = var.github_owner_id
  github_repository_id  = var.github_repository_id
  github_subject_format = var.github_subject_format
  state_bucket          = var.state_bucket

  nat                 = "single"
  fargate_base        = 1
  fargate_weight      = 1
  fargate_spot_weight = 1
  allow_destroy       = true

  # The load balancer takes a task out that cannot work; ECS replaces one that does not answer at all.
  health_check_path      = "/ready"
  container_health_check = ["CMD", "python", "-m", "app.healthcheck"]

  environment_variables = {
    LOG_LEVEL = "info"
  }
}
