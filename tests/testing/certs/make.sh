#!/bin/sh
# Makes the certificates of the tests anew. They are for tests alone: their keys are public.
#
# Run in any folder; it writes beside itself. Everything is valid until 2125, expired.pem was until
# 2021. What tests pin (fingerprints, serial numbers, sizes) changes with a new run.
set -eu
cd "$(dirname "$0")"

readonly START=20200101000000Z
readonly END=21250101000000Z

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# new_key FILE rsa|weak|ecdsa
new_key() {
  case $2 in
    rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" ;;
    weak) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$1" ;;
    ecdsa) openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" ;;
  esac
}

# sign CA REQUEST OUT SERIAL EXTENSIONS [END]: CA is the stem of its .pem and .key;
# without a .pem, it signs itself.
sign() {
  issuer="-cert $1.pem"
  [ -e "$1.pem" ] || issuer=-selfsign
  printf '%s\n' "$5" > "$work/extensions"
  : > "$work/index"
  cat > "$work/ca.cnf" <<CNF
[ca]
default_ca = own
[own]
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
CNF
  printf '%s\n' "$4" > "$work/serial"
  openssl ca -batch -notext -config "$work/ca.cnf" $issuer -keyfile "$1.key" \
    -in "$2" -out "$3" -startdate "$START" -enddate "${6:-$END}" -extfile "$work/extensions" \
    -preserveDN 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
}

# authority STEM SUBJECT SERIAL: makes STEM.pem and STEM.key, signed by itself.
authority() {
  new_key "$1.key" ecdsa
  rm -f "$1.pem"
  openssl req -new -key "$1.key" -subj "$2" -out "$work/request"
  sign "$1" "$work/request" "$work/self" "$3" 'basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
  mv "$work/self" "$1.pem"
}

# leaf OUT CA KIND SUBJECT SERIAL EXTENSIONS [END]: OUT is the certificate and its key.
leaf() {
  new_key "$work/key" "$3"
  openssl req -new -key "$work/key" -subj "$4" -out "$work/request"
  sign "$2" "$work/request" "$work/cert" "$5" "basicConstraints=CA:FALSE
$6" ${7:+"$7"}
  cat "$work/cert" "$work/key" > "$1"
}

readonly SERVER='extendedKeyUsage=serverAuth'
readonly CLIENT='extendedKeyUsage=clientAuth'

authority ca '/C=XX/O=Example/CN=Example Test CA' 10
authority other-ca '/C=XX/O=Elsewhere/CN=Other Test CA' 11

readonly SITE='subjectAltName=DNS:www.example.test,DNS:api.example.test,DNS:localhost,IP:127.0.0.1,IP:::1'
leaf site.pem ca ecdsa '/C=XX/O=Example/CN=www.example.test' 1001 "$SERVER
$SITE"
leaf site-rsa.pem ca rsa '/C=XX/O=Example/CN=www.example.test' 1002 "$SERVER
$SITE"
leaf wildcard.pem ca ecdsa '/C=XX/O=Example/CN=*.example.test' 1003 "$SERVER
subjectAltName=DNS:*.example.test"
leaf client.pem ca ecdsa '/C=XX/O=Example/OU=Robots/CN=client one' 2001 "$CLIENT"
leaf revoked-client.pem ca ecdsa '/C=XX/O=Example/OU=Robots/CN=client two' 2002 "$CLIENT"
leaf foreign-client.pem other-ca ecdsa '/C=XX/O=Elsewhere/CN=stranger' 2101 "$CLIENT"
leaf expired.pem ca ecdsa '/C=XX/O=Example/CN=old.example.test' 1004 "$SERVER
subjectAltName=DNS:old.example.test" 20210101000000Z

# A chain of three: deep.pem holds leaf, intermediate and key; only ca.pem is trusted.
new_key "$work/middle.key" ecdsa
openssl req -new -key "$work/middle.key" -subj '/C=XX/O=Example/CN=Example Middle CA' \
  -out "$work/request"
sign ca "$work/request" "$work/middle.pem" 12 'basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign'
leaf "$work/deep" "$work/middle" ecdsa '/C=XX/O=Example/CN=deep.example.test' 1005 "$SERVER
subjectAltName=DNS:deep.example.test"
{
  openssl x509 -in "$work/deep"
  cat "$work/middle.pem"
  openssl pkey -in "$work/deep"
} > deep.pem

# crl.pem: of ca, revokes revoked-client.pem.
cat > "$work/crl.cnf" <<CNF
[ca]
default_ca = own
[own]
database = $work/crl_index
crlnumber = $work/crlnumber
default_md = sha256
CNF
: > "$work/crl_index"
printf '01\n' > "$work/crlnumber"
openssl ca -config "$work/crl.cnf" -cert ca.pem -keyfile ca.key -revoke revoked-client.pem 2> /dev/null
openssl ca -config "$work/crl.cnf" -cert ca.pem -keyfile ca.key -gencrl -crl_lastupdate "$START" \
  -crl_nextupdate "$END" -out crl.pem 2> /dev/null

# Files that are wrong, each in one way.
mkdir -p bad
openssl x509 -in site.pem > bad/no_key.pem
openssl pkey -in site.pem > bad/no_certificate.pem
{ openssl x509 -in site.pem; openssl pkey -in client.pem; } > bad/other_key.pem
{ openssl x509 -in site.pem; openssl pkey -in site.pem -aes128 -passout pass:secret; } \
  > bad/encrypted_key.pem
sed '3,4d' site.pem > bad/broken.pem
: > bad/empty.pem

leaf bad/weak.pem ca weak '/C=XX/O=Example/CN=weak.example.test' 1006 "$SERVER"

# A key in a file of its own, and a response to staple made by the CA itself.
mkdir -p split
openssl x509 -in site.pem > split/site.crt
openssl pkey -in site.pem > split/site.crt.key
{ openssl x509 -in site.pem; openssl pkey -in site.pem; } > split/stapled.pem
cp ca.pem split/stapled.pem.issuer
printf 'V\t%s\t\t1001\tunknown\t/C=XX/O=Example/CN=www.example.test\n' 250101000000Z > "$work/ocsp"
openssl ocsp -index "$work/ocsp" -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem \
  -cert site.pem -ndays 36500 -respout split/stapled.pem.ocsp > /dev/null 2>&1

# An RSA and an ECDSA pair of one name.
mkdir -p pair
cp site.pem pair/site.pem.ecdsa
cp site-rsa.pem pair/site.pem.rsa

# Ticket keys: three of 48 bytes, and three of 80.
for _ in 1 2 3; do openssl rand -base64 48; done > tickets48.keys
for _ in 1 2 3; do openssl rand -base64 80 | tr -d '\n'; echo; done > tickets80.keys
