# One image for every process; docker-compose.yml says which it becomes.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 MALLOC_ARENA_MAX=2 \
    PATH=/opt/venv/bin:$PATH EMBERWATCH_DATA=/data HOST=0.0.0.0

# The image brings its library without byte code, and who runs it may write none.
RUN python -m compileall -qq -j 0 "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    || true

# Clones of repositories: suspect commits, links to code.
RUN apt-get update && apt-get install -y --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --system --uid 10001 --create-home --home-dir /data emberwatch \
    && python -m venv /opt/venv

WORKDIR /app
COPY requirements.lock requirements-s3.lock ./
RUN pip install --require-hashes -r requirements.lock
# `docker compose build --build-arg S3=1`: attachments in a bucket (S3_BUCKET).
ARG S3=""
RUN test -z "$S3" || pip install --require-hashes -r requirements-s3.lock

COPY . .
RUN python -m compileall -q config tracker ingest alerts

USER emberwatch
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "config.run.processes", "web"]
