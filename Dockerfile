# parsepy alone, without a database: docker-compose.yml brings MongoDB.
FROM python:3.12-slim AS build
WORKDIR /src
# A compiler for the native reader, which is built with parsepy; it stays behind in this stage.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev
RUN python -m venv /opt/parsepy
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY parsepy parsepy
COPY schema schema
COPY cloud cloud
COPY docs docs
COPY web web
RUN /opt/parsepy/bin/pip install --no-cache-dir --disable-pip-version-check '.[encryption,metrics,payments,push,redis,s3]' \
 && /opt/parsepy/bin/pip uninstall --yes --disable-pip-version-check pip

FROM python:3.12-slim
RUN useradd --system --uid 1001 --home-dir /srv/parsepy --create-home parsepy \
 && install --directory --owner=parsepy --group=parsepy --mode=0700 /srv/parsepy/.parsepy
COPY --from=build /opt/parsepy /opt/parsepy
ENV PATH=/opt/parsepy/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PARSE_SERVER_HOST=0.0.0.0 \
    PORT=1337
USER parsepy
WORKDIR /srv/parsepy
VOLUME /srv/parsepy/.parsepy
EXPOSE 1337
# Requests under way are answered; `docker stop` waits for ten seconds unless told otherwise.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + os.environ.get('PARSE_SERVER_MOUNT_PATH', '/parse') + '/health', timeout=4)"]
ENTRYPOINT ["parsepy"]
CMD ["serve"]
