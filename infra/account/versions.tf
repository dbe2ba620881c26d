# What an account has once: the bucket of the states, GitHub's identity provider, and the registry of the images. No
# environment can take them along when it is destroyed. A person applies it, once and after changes of these files.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }

  # Bucket and region are given to terraform init. The lock is a file beside the state.
  backend "s3" {
    key          = "account.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = { ManagedBy = "terraform" }
  }
}
