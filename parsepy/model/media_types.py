"""``TYPES`` and ``EXTENSIONS``: the content type of an extension, and the reverse.

Our own table, so that neither the machine's /etc/mime.types nor the version of Python decides
which uploads are refused.
"""

# A type of the IANA registry (or of wide use), then its extensions, the customary one first.
# An extension of several types stands for the first of them.
_TABLE = """
application/x-mobipocket-ebook prc mobi
video/mp4 mp4
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
application/mp4 mp4 m4p
application/msword doc dot
application/n-quads nq
application/n-triples nt
application/octet-stream bin deb dll dmg exe iso msi so
application/oda oda
application/pdf pdf
application/pgp-keys asc
application/pgp-signature sig
application/pkcs7-mime p7m p7c
application/pkix-cert cer
application/pls+xml pls
application/postscript ai eps ps
application/rdf+xml rdf owl
application/rls-services+xml rs
application/rss+xml rss
application/rtf rtf
application/sql sql
application/toml toml
application/trig trig
application/vnd.amazon.ebook azw
application/vnd.android.package-archive apk
application/vnd.apple.keynote key
application/vnd.apple.mpegurl m3u8
application/vnd.apple.numbers numbers
application/vnd.apple.pages pages
application/vnd.apple.pkpass pkpass
application/vnd.google-earth.kml+xml kml
application/vnd.google-earth.kmz kmz
application/vnd.mif mif
application/vnd.ms-excel xls
application/vnd.ms-outlook msg
application/vnd.ms-powerpoint ppt pot pps
application/vnd.oasis.opendocument.presentation odp
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.text odt
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.rar rar
application/wasm wasm
application/wsdl+xml wsdl
application/x-7z-compressed 7z
application/x-bcpio bcpio
application/x-bittorrent torrent
application/x-bzip2 bz2
application/x-cpio cpio
application/x-csh csh
application/x-dvi dvi
application/x-gtar gtar
application/x-hdf hdf
application/x-httpd-php php
application/x-latex latex
application/x-msdownload exe bat
application/x-netcdf nc cdf
application/x-perl pl
application/x-pkcs12 p12 pfx
application/x-redhat-package-manager rpm
application/x-sh sh
application/x-shar shar
application/x-shockwave-flash swf
application/x-subrip srt
application/x-sv4cpio sv4cpio
application/x-sv4crc sv4crc
application/x-tar tar
application/x-tcl tcl
application/x-tex tex
application/x-texinfo texinfo texi
application/x-ustar ustar
application/x-wais-source src
application/x-x509-ca-cert der crt pem
application/x-xz xz
application/xhtml+xml xhtml xht
application/xml xml rng xsd xsl
application/xslt+xml xsl xslt
application/zip zip
audio/aac adts aac
audio/basic au snd
audio/midi mid midi
audio/mp4 m4a
audio/mpeg mpga mp2 mp3
audio/ogg oga ogg opus
audio/wav wav
audio/webm weba
audio/x-aiff aif aifc aiff
audio/x-caf caf
audio/x-flac flac
audio/x-mpegurl m3u
audio/x-ms-wma wma
audio/x-pn-realaudio ram ra
font/otf otf
font/ttf ttf
font/woff woff
font/woff2 woff2
image/apng apng
image/avif avif
image/bmp bmp
image/gif gif
image/heic heic
image/heif heif
image/ief ief
image/jp2 jp2
image/jpeg jpg jpe jpeg
image/jxl jxl
image/pjpeg jfif
image/png png
image/svg+xml svg svgz
image/tiff tif tiff
image/vnd.adobe.photoshop psd
image/vnd.dwg dwg
image/vnd.dxf dxf
image/vnd.microsoft.icon ico
image/webp webp
image/x-cmu-raster ras
image/x-portable-anymap pnm
image/x-portable-bitmap pbm
image/x-portable-graymap pgm
image/x-portable-pixmap ppm
image/x-rgb rgb
image/x-xbitmap xbm
image/x-xpixmap xpm
image/x-xwindowdump xwd
message/rfc822 eml mht mhtml
model/3mf 3mf
model/gltf+json gltf
model/gltf-binary glb
model/obj obj
model/prc prc
model/stl stl
model/vnd.pytha.pyox pyo
model/vnd.usdz+zip usdz
text/calendar ics
text/coffeescript coffee
text/css css
text/csv csv
text/html html htm shtml
text/javascript js mjs
text/jsx jsx
text/less less
text/markdown md
text/n3 n3
text/plain txt conf ini log text
text/richtext rtx
text/sgml sgml sgm
text/tab-separated-values tsv
text/troff t man me ms roff tr
text/vtt vtt
text/x-c c cpp h
text/x-java-source java
text/x-lua lua
text/x-scss scss
text/x-setext etx
text/x-vcard vcf
text/yaml yaml yml
video/3gpp 3gp 3gpp
video/3gpp2 3g2
video/mp2t ts
video/mpeg mpeg m1v mpe mpg
video/ogg ogv
video/quicktime qt mov
video/webm webm
video/x-flv flv
video/x-m4v m4v
video/x-matroska mkv
video/x-ms-wmv wmv
video/x-msvideo avi
video/x-sgi-movie movie
"""

EXTENSIONS: dict[str, str] = {}
TYPES: dict[str, str] = {}
for _line in _TABLE.split("\n"):
    if _line:
        _kind, *_extensions = _line.split()
        EXTENSIONS[_kind] = _extensions[0]
        for _extension in _extensions:
            TYPES.setdefault(_extension, _kind)
