"""``TYPES`` and ``EXTENSIONS``: what a file name's extension stands for, and the way back.

A table of the house's own: what a machine has in /etc/mime.types, or what another version of
Python knows, must not decide which uploads are refused.
"""

# A type of the IANA registry (or of wide use), then its extensions, the customary one first.
_TABLE = """
application/atom+xml atom
application/dash+xml mpd
application/epub+zip epub
application/geo+json geojson
application/gpx+xml gpx
application/gzip gz
application/java-archive jar
application/java-vm class
application/json json map
application/ld+json jsonld
application/manifest+json webmanifest
application/mathml+xml mathml
application/mbox mbox
application/octet-stream bin deb dmg exe iso msi
application/pgp-keys asc
application/pgp-signature sig
application/pkix-cert cer
application/postscript ai eps
application/rdf+xml rdf owl
application/rls-services+xml rs
application/rss+xml rss
application/rtf rtf
application/sql sql
application/toml toml
application/vnd.amazon.ebook azw
application/vnd.android.package-archive apk
application/vnd.apple.keynote key
application/vnd.apple.mpegurl m3u8
application/vnd.apple.numbers numbers
application/vnd.apple.pages pages
application/vnd.apple.pkpass pkpass
application/vnd.google-earth.kml+xml kml
application/vnd.google-earth.kmz kmz
application/vnd.ms-outlook msg
application/vnd.oasis.opendocument.presentation odp
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.text odt
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.rar rar
application/wasm wasm
application/x-7z-compressed 7z
application/x-bittorrent torrent
application/x-bzip2 bz2
application/x-httpd-php php
application/x-mobipocket-ebook prc mobi
application/x-pkcs12 p12 pfx
application/x-redhat-package-manager rpm
application/x-sh sh
application/x-shockwave-flash swf
application/x-x509-ca-cert der crt pem
application/x-xz xz
application/xhtml+xml xhtml xht
application/xml xml rng xsd xsl
application/xslt+xml xsl xslt
audio/aac adts aac
audio/midi mid midi
audio/mp4 m4a
audio/mpeg mpga mp3
audio/ogg oga ogg opus
audio/wav wav
audio/webm weba
audio/x-aiff aif
audio/x-caf caf
audio/x-flac flac
font/otf otf
font/ttf ttf
font/woff woff
font/woff2 woff2
image/apng apng
image/avif avif
image/bmp bmp
image/heic heic
image/heif heif
image/jp2 jp2
image/jxl jxl
image/svg+xml svg svgz
image/tiff tif tiff
image/vnd.adobe.photoshop psd
image/vnd.dwg dwg
image/vnd.dxf dxf
image/vnd.microsoft.icon ico
image/webp webp
message/rfc822 eml
model/3mf 3mf
model/gltf+json gltf
model/gltf-binary glb
model/stl stl
model/vnd.usdz+zip usdz
text/calendar ics
text/coffeescript coffee
text/html html shtml
text/javascript js
text/jsx jsx
text/less less
text/markdown md
text/plain txt conf ini log
text/x-c c cpp h
text/x-java-source java
text/x-lua lua
text/x-scss scss
text/x-vcard vcf
text/yaml yaml yml
video/3gpp 3gp
video/mp2t ts
video/mpeg mpeg mpg
video/ogg ogv
video/webm webm
video/x-flv flv
video/x-m4v m4v
video/x-matroska mkv
"""

EXTENSIONS: dict[str, str] = {}
TYPES: dict[str, str] = {}
for _line in _TABLE.split("\n"):
    if _line:
        _kind, *_extensions = _line.split()
        EXTENSIONS[_kind] = _extensions[0]
        for _extension in _extensions:
            TYPES.setdefault(_extension, _kind)
