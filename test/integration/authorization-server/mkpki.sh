#!/usr/bin/env bash
# A self-made CA; server certificates, good and bad; client certificates; keys (EC P-256). Usage: bash mkpki.sh DIR
set -euo pipefail
D=${1:-pki}; mkdir -p "$D"; cd "$D"
q() { "$@" 2>/dev/null; }
q openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/O=Test/CN=Test Root CA" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
issue() { # name subject ext
  q openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  openssl req -new -key "$1.key" -sha256 -subj "$2" -out "$1.csr"
  q openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -sha256 \
    -extfile <(printf "%b" "$3") -out "$1.pem"
}
issue server "/CN=127.0.0.1" "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
issue client-ca "/O=Test/CN=mtls-ca-client" "subjectAltName=DNS:client.test\nextendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n"
issue client-other "/O=Test/CN=some-other-client" "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n"
q openssl ecparam -name prime256v1 -genkey -noout -out client-ss.key
openssl req -x509 -new -key client-ss.key -sha256 -days 825 -subj "/CN=mtls-self-signed-client" -addext "extendedKeyUsage=clientAuth" -out client-ss.pem
# expired server cert (only `openssl ca` takes dates in the past), and wrong-name server cert, for negative TLS tests
q openssl ecparam -name prime256v1 -genkey -noout -out expired.key
openssl req -new -key expired.key -sha256 -subj "/CN=127.0.0.1" -out expired.csr
: > index.txt
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n' > expired.cnf
q openssl ca -batch -notext -config expired.cnf -extensions e -cert ca.pem -keyfile ca.key -in expired.csr -out expired.pem \
  -startdate 20200101000000Z -enddate 20210101000000Z
rm -f index.txt* expired.cnf [0-9A-F]*.pem
q openssl ecparam -name prime256v1 -genkey -noout -out wrongname.key
openssl req -new -key wrongname.key -subj "/CN=wrong.example" -out wrongname.csr
q openssl x509 -req -in wrongname.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile <(printf "subjectAltName=DNS:wrong.example\n") -out wrongname.pem
# keys for private_key_jwt client and DPoP
q openssl ecparam -name prime256v1 -genkey -noout -out pkjwt-es256.sec1.pem
openssl pkcs8 -topk8 -nocrypt -in pkjwt-es256.sec1.pem -out pkjwt-es256.pem
q openssl genrsa -out pkjwt-rs256.pem 2048
q openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out dpop-es256.pem
rm -f ./*.csr ./*.srl ./*.sec1.pem
