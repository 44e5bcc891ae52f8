"""Rollbar's API beside items and deploys: what its tools read, change and upload."""
