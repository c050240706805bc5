"""Why we differ from HAProxy 2.6, where the same holds for many cases. It: HAProxy. We: lb."""

BARE_LF = ("It takes a bare LF for a line end. RFC 9112 section 2.2 permits that, but who reads "
           "a line differently can be smuggled past.")
FOLD = ("It unfolds. RFC 9112 section 5.2 lets a server refuse, hardly a client folds, and "
        "parsers differ on it.")
CONTROL = ("It passes control characters on. RFC 9110 section 5.5 wants the dangerous ones "
           "refused or replaced.")
BOTH_LENGTHS = ("It drops Content-Length, as RFC 9112 section 6.3 allows; we refuse, as the same "
                "section advises: it may be an attempt at smuggling.")
EQUAL_LENGTHS = ("It merges equal lengths, as RFC 9110 section 8.6 allows; we refuse, as it also "
                 "allows: nothing honest sends two.")
CHUNKED_IN_10 = "It passes it on; RFC 9112 section 6.1 calls such framing faulty."
ZEROS = "It passes the zeros on; we write the number that we have read."
EMPTY_MEMBER = ("It passes an empty list member; a server that takes the list as one word sees "
                "another coding.")
SIZE_BLANK = ("It skips blanks behind the size. The grammar has them before an extension only "
              "(RFC 9112 section 7.1.1), and others read them into the size.")
TRAILER_FIELD = ("It passes to HTTP/1 what RFC 9110 section 6.5.1 forbids in trailers, and drops "
                 "it for HTTP/2; we refuse what would change how the message is read.")
BLANKS = "It skips blanks between the words of the line; two parsers may skip differently."
VERSION = "It takes any version of the right shape; we serve those whose framing we know."
TOO_LARGE = ("It says 400 for a head that is too large; RFC 9110 section 15.5.15 and RFC 6585 "
             "have 414 and 431 for that.")
HOST = ("It does not look into Host. RFC 9112 section 3.2 asks for 400 when it is invalid, and "
        "what one reads of it others do not.")
NO_HOST = "It passes it on; RFC 9112 section 3.2 asks for 400 without a Host in HTTP/1.1."
TUNNEL_LENGTH = ("It lets a length stand where a tunnel begins; RFC 9110 section 9.3.6 wants it "
                 "ignored, and we leave it out.")
CONNECT_BODY = ("It takes what follows for the tunnel's, or for a body; RFC 9110 section 9.3.6 "
                "knows no content of CONNECT, so we refuse.")
CONNECTION_FIELDS = ("It passes Connection and the fields that it names on over HTTP/1; RFC 9110 "
                     "section 7.6.1 has an intermediary remove both.")
HOP_BY_HOP = "It passes it on over HTTP/1; it is for one connection (RFC 9110 section 7.6.1)."
TE = "It does not say TE in Connection, as RFC 9110 section 10.1.4 asks for."
H2C = ("It offers the server h2c, or asks for it as an extended CONNECT; in such a tunnel "
       "requests would pass every rule.")
UPGRADE_TO_CONNECT = ("It makes an extended CONNECT of any upgrade, and 101 of its answer; only "
                      "a websocket has a mapping (RFC 8441).")
UPGRADE_REFUSED = "It refuses; RFC 9110 section 7.8 lets a server ignore Upgrade, and we do."
ABSOLUTE = "It writes the target its own way for HTTP/1 or HTTP/2; both name the same."
H2_400 = ("It answers 400; RFC 9113 section 8.1.1 makes a malformed request an error of its "
          "stream, and both are allowed.")
H2_GOAWAY = ("It ends the connection as well; RFC 9113 section 8.1.1 makes a malformed request "
             "an error of its stream.")
H2_LIST = ("It ends the connection without a word about the size; RFC 9113 section 10.5.1 allows "
           "431, which names the cause and leaves other streams alone.")
AUTHORITY = ("It does not look into :authority, which becomes Host; RFC 9113 section 8.3.1 "
             "forbids user information, and the rest is no host.")
TWO_HOSTS = ("It drops Host beside :authority without a look; a server behind might have read "
             "the other one. RFC 9113 section 8.3.1 lets us refuse.")
H2_HOST = "It leaves Host a field where there is no :authority; the server reads the same."
H2_BLANKS = "It passes blanks around a value on; RFC 9113 section 8.2.1 calls the field malformed."
END_CODE = ("It takes another error code, or ends the connection where the stream would do; both "
            "are ends of the same request.")
H2_CLOSED = ("It makes an error of the stream of it, we one of the connection, as RFC 9113 "
             "section 5.1 allows for closed streams.")
H2_TRAILERS = ("It says INTERNAL_ERROR for malformed trailers; RFC 9113 section 8.1.1: "
               "PROTOCOL_ERROR.")
TRAILER_SIZE = "It takes trailers as long as its buffer; ours end at 8192 bytes."
EMPTY_CRUMB = "It joins empty crumbs too; they say nothing."
CUT_AS_END = ("It ends the stream as if the answer were whole; a cache would keep half of it "
              "(RFC 9112 section 8).")
EARLY_HEAD = ("It answers 502 where all came at once; with us the head is on its way, and the "
              "client sees that the body was cut off.")
STATUS = "It takes a status of other than three digits from 100 on; RFC 9110 section 15."
STALE = ("It resets the stream with REFUSED_STREAM, so that the client tries again; we answer "
         "502, since the server may have seen the request.")
NO_CONTENT_LENGTH = "It passes a length on that RFC 9110 section 8.6 forbids there."
MALFORMED_LENGTH = ("It passes on what RFC 9113 section 8.1.1 calls malformed: a length that is "
                    "not met.")
