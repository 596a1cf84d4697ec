"""Texts that RFC 8259 takes or refuses, in the order of its sections."""

from itertools import product

LONGEST = 64 * 1024
DEPTH_MAX = 32


def _text(text):
    return text if isinstance(text, bytes) else text.encode()


def _in_string(inside):
    return b'"' + _text(inside) + b'"'


# Section 2, structural characters and white space.
_STRUCTURE = [
    "", " ", "\t\r\n ", "[", "]", "{", "}", ":", ",", "[[", "]]", "[}", "{]",
    "1]", "1}", "[1}", '{"a":1]', "[1]]", '{"a":1}}', "(1)", "<1>", "1;",
    "1 2", "1\t2", "1,", ",1", "1:2", '"a" "b"', '"a""b"', "[][]", "[] {}",
    "{}{}", '"a":1', "true false", "null\nnull", "nulltrue", "1true", "true1",
    "1[]", "1{}", '1"a"', "[]1", "1 x", "1\x00", "\x001", "[]\x00", "1\x1a",
    "// c\n1", "1// c\n", "/* c */1", "1/* c */", "#c\n1", "1#", "<!--1-->",
    "--\n1", "1\\", "\\1", "`1`", "\ufeff1", '\ufeff"a"', "\ufeff[]",
    "\u00a01", "1\u00a0", "\u20281", "1\u2029", "\u30001", "\u20601",
    b"\xff\xfe1\x00", b"\xfe\xff\x001", b"1\x00\x00\x00", b"\xef\xbb1",
    b"\xff", b"\x80", b"1\xc2", "é", "[é]", "{é:1}", "%31", "&quot;a&quot;",
]
_NO_WHITE_SPACE = [bytes([c]) + b"1" for c in range(0x20)
                   if bytes([c]) not in b"\t\n\r"]

# Section 3, literals: three, in small letters.
_WORDS = [
    "True", "TRUE", "tRUE", "truE", "tru", "t", "truee", "true.", "true-",
    "False", "FALSE", "fals", "f", "falsee", "Null", "NULL", "nul", "n",
    "nulll", "nil", "none", "None", "undefined", "yes", "no", "on", "off",
    "t rue", "nu\tll", "fal\nse", "\\u0074rue", "a", "abc", "_", "$", "@",
    "true\x00", "tr\x00ue", "NaN", "nan", "-NaN", "+NaN", "NaN(1)",
    "Infinity", "-Infinity", "+Infinity", "infinity", "inf", "-inf", "Inf",
    "1.#INF", "1.#QNAN", "new Date()", "x'00'",
]

# Section 4 and 5, objects and arrays.
_CONTAINERS = [
    "[1,]", "[,]", "[,1]", "[1,,2]", "[1 2]", "[1", "[1,", "[1:2]", "[1;2]",
    '["a"', '["a', "[true", "[[]", "[[1]", '[{"a":1]', '["a":1]', "[1,2}",
    "[*]", "[-]", "[1]x", "[1],[2]", "[01]", "[1.]", "[.5]", "[+1]", "[0x1]",
    "['a']", "[a]", "[NaN]", "[nul]", '["\x01"]', r'["\x"]', "[1\x0c]",
    '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a" 1}', '{"a"::1}',
    '{"a":1 "b":2}', '{"a":1;"b":2}', '{"a":1,,"b":2}', '{"a"=1}',
    '{"a"=>1}', '{"a":1', '{"a":', '{"a"', '{"a', "{a:1}", "{'a':1}",
    '{"a":\'b\'}', "{1:1}", "{null:1}", "{true:1}", "{[]:1}", "{{}:1}",
    '{:1}', "{1}", "{[1]}", '{"a":1}x', '{"a":1}{', '{"a":1}#',
    '{"a":1/**/}', '{"a":1//\n}', '{"a":01}', '{"a":tru}', '{"a":{}',
    '{"a":[}', '{"a":"\\ud800"}', '{"\\ud800":1}', b'{"\xff":1}',
    '{"a\tb":1}', r'{"\x":1}', '{"a":"b"', '{..."a"}', "[...1]",
]
_DUPLICATES = [
    '{"a":1,"a":1}', '{"a":1,"a":2}', '{"a":1,"b":2,"a":3}', '{"":1,"":2}',
    r'{"a":1,"\u0061":2}', r'{"\/":1,"/":2}', '{"é":1,"\\u00e9":2}',
    '{"a":{},"a":[]}', '{"a":{"b":1,"b":2}}', '[{"a":1,"a":2}]',
    '[[[{"a":1,"a":2}]]]', '{"a":[{"b":1},{"b":1,"b":1}]}',
    '{"a":{"a":{"a":1,"a":2}}}', '{"a":{"b":{}},"c":1,"a":2}',
    '{"a":[{"b":{}}],"a":2}', '[{"a":{"b":1},"c":{"b":1},"a":3}]',
]

# Section 6, numbers.
_NUMBERS = [
    "+1", "+0", "++1", "--1", "-+1", "+-1", "-", "+", "- 1", "-\n1", "01",
    "00", "-01", "-00", "007", "0001.5", "00.5", "01e1", ".5", "-.5", "+.5",
    ".", "-.", ".e1", "1.", "0.", "-1.", "1.e1", "1.E+1", "1..5", "1.5.5",
    "1. 5", "1 .5", "1e", "1E", "1e+", "1e-", "1E+", "0e", "0e+", "1.5e",
    "e1", "E1", "-e1", "1ee1", "1e1e1", "1eE1", "1e1.5", "1e.5", "1e 1",
    "1 e1", "1e+-1", "1e--1", "1e++1", "1e0x1", "1.5e1.5", "0x1", "0X1F",
    "0x", "-0x1", "0b1", "0o7", "1h", "1f", "1.0f", "1d", "1L", "1n", "1u",
    "1i", "1_000", "1,000", "1'000", "1.000.000", "1/2", "1%", "$1", "1-",
    "1+", "1-1", "1+1", "1*1", "0 1", "1\u00a0000", "\u0661", "\uff11",
    "\u22121", "1\u066b5", "1\u00bd", "\u221e", "1\u200b", "1a", "1 a",
    "1e1a", "1.a", "-a", "0-", "123\x00", "12\x003", "1e1\x00",
    "1" * 70000 + ".", "0" * 70000, "-" * 1000,
]

# Section 7, strings.
_STRINGS = [
    '"', '"a', 'a"', '"a"b', '"a"b"', "'a'", "'a\"", "\"a'", "“a”", "`a`",
    '"""a"""', "u'a'", 'r"a"', 'b"a"', '"a" + "b"', '"a"\\', '\\"a\\"',
    r'"\"', r'"\\\"', '"\\', r'"a\"', '"\\\n"', '"\\\t"', '"\\ "', '"\\\x00"',
    '"\\é"', b'"\\\xff"', r'"\'"',
]
_BAD_ESCAPES = [_in_string(b"\\" + bytes([c])) for c in range(0x21, 0x7f)
                if chr(c) not in '"\\/bfnrtu']
_BAD_UNITS = [_in_string(inside) for inside in (
    r"\u", r"\u0", r"\u00", r"\u004", r"\u004 ", r"\u 0041", r"\u004g",
    r"\ug041", r"\u0x41", r"\u+041", r"\u-041", r"\u{41}", r"\u{1f600}",
    r"\u00\u0041", r"\u004\u0041", r"\U0041", r"\U0001F600", r"\x41", r"\101",
    r"\0", r"\u004é", "\\u\uff10\uff10\uff14\uff11", "\\u00\n41",
    "\\u004\x00", r"\u00.1", r"\u1e-5", r"\N{DIGIT ONE}", r"\&", r"\u\u\u\u")]
_LONE = [_in_string(inside) for inside in (
    r"\ud800", r"\uD800", r"\udbff", r"\udc00", r"\uDFFF", r"a\ud800",
    r"\ud800a", r"\ud800abcdef", r"\ud800\u0041", r"\ud800\ud800",
    r"\ud800\ud800\udc00", r"\ud800\udbff", r"\udc00\ud800", r"\udc00\udc00",
    r"\ud83d\ude00\ud83d", r"\ud83d\ude00\ude00", r"\ud83d\n", r"\ud83d\\",
    r"\ud83d\\ude00", r"\ud83d \ude00", r"\ud83d\ue000", r"\ud83d\ud7ff",
    r"\ud83d\u0000", "\\ud83d\U0001f600", "\\ud83dé", r"\ud83d\/", r"\ud83d\"",
    b"\\ud83d\xed\xb8\x80", b"\xed\xa0\xbd\\ude00", r"\ud83d\u", r"\ud83d\ud",
    r"\ud83d\ude0")]
_CONTROLS = [_in_string(b"a" + bytes([c]) + b"b") for c in range(0x20)] \
    + [_in_string(b"0123456789abcdef" + bytes([c])) for c in (0, 10, 31)]

# Section 8.1, UTF-8, by RFC 3629's table: each way to leave it.
_BAD_UTF8 = [_in_string(inside) for inside in (
    [bytes([c]) for c in (*range(0x80, 0x100, 9), 0xc0, 0xc1, 0xf5, 0xfe,
                          0xff)]
    + [b"a" * n + b"\x80" + b"b" * 9 for n in range(1, 10)]
    + [b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\x80",
       b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80",
       b"\xf0\x8f\xbf\xbf", b"\xf8\x88\x80\x80\x80",
       b"\xfc\x84\x80\x80\x80\x80", b"\xed\xa0\x80", b"\xed\xaf\xbf",
       b"\xed\xb0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80",
       b"\xf4\x90\x80\x80", b"\xf4\xbf\xbf\xbf", b"\xf5\x80\x80\x80",
       b"\xf7\xbf\xbf\xbf", b"\xc3", b"\xc3a", b"\xc3\xc3\xa9", b"\xe2",
       b"\xe2\x82", b"\xe2\x82a", b"\xe2a\xac", b"\xe2\x82\xe2\x82\xac",
       b"\xf0", b"\xf0\x9f", b"\xf0\x9f\x98", b"\xf0\x9f\x98a",
       b"\xf0\x9fa\x80", b"\xf0a\x98\x80", b"\xc3\xa9\xa9",
       b"\xe2\x82\xac\xac", b"\xf0\x9f\x98\x80\x80", b"\xff\xfe", b"\xe9",
       b"caf\xe9", b"\x93a\x94", b"\xc3\n", b"\xe2\x82\\u0041", b"\xc3\\n"])]

REFUSED = {
    "structure": _STRUCTURE, "white space": _NO_WHITE_SPACE, "words": _WORDS,
    "containers": _CONTAINERS, "duplicates": _DUPLICATES,
    "numbers": _NUMBERS, "strings": _STRINGS, "escapes": _BAD_ESCAPES,
    "units": _BAD_UNITS, "surrogates": _LONE, "controls": _CONTROLS,
    "UTF-8": _BAD_UTF8,
}

# Scalars that a fact may hold; what they are, Python's json says.
_SPACED = [" 1", "1 ", " \t\r 1 \t\r ", "\n1", "1\n", "\r\n\t 1", ' "a" ',
           "\ttrue\t", " null\r", "\nnull\n\n"]
_PLAIN_NUMBERS = [
    "0", "-0", "1", "-1", "9", "10", "123", "-10", "0.0", "-0.0", "0.5",
    "1.5", "-1.50", "1.0", "1.00", "0.10", "100.00", "0e0", "0E0", "-0e-0",
    "1e1", "1E1", "1e+1", "1E-1", "1e01", "1e-007", "1e00", "1.5e3",
    "1.50E+03", "0.1e-1", "123456789", "2147483648", "4294967296",
    "9007199254740991", "9007199254740992", "9007199254740993",
    "-9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "0.30000000000000004",
    "0.1000000000000000055511151231257827", "549000.10", "1e308", "1e309",
    "-1e309", "1e-324", "1e-400", "1e999999999999", "-1E-999999999999",
    "1e9223372036854775808", "0e999999999999999999999", "5e-324",
    "1.7976931348623157e308", "123456789012345678901234567890.0123456789",
    "-0.1234567890123456789012345678901234567890", "1234567890" * 4,
    "1234567890" * 4 + "." + "0987654321" * 4, "0." + "0" * 400 + "1",
    "1" + "0" * 400, "1e" + "0" * 400 + "1", "1" * LONGEST,
    "-" + "9" * (LONGEST - 1), "0." + "3" * (LONGEST - 2),
]
_PLAIN_STRINGS = [_in_string(inside) for inside in (
    "", " ", "a", "\x7f", "/", "'", "a b", "null", "true", "false", "1",
    "1e5", "-0", "[]", "{}", '{\\"a\\":1}', "// c", "/* c */", "#", ",", ":",
    "a,b", "a;b", r"\"", r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t",
    r"\"\\\/\b\f\n\r\t", r"\\\"", r"\\u0041", r"\\\u0041", r"\\\\n",
    r"\r\n", r"a\r\nb\n", r"\"quoted\"", r"a\",\"b", r"\u0001", r"\u001f",
    r"\u001F", r"\u007f", r"\u0080", r"\u00e9", r"\u00E9", r"\u0041",
    r"\u005c", r"\u0022", r"\u002f", r"\u000a", r"\u000d\u000A",
    r"\u20ac", r"\u2028\u2029", r"\uabcd", r"\uABCD", r"\uAbCd", r"\uffff",
    r"\ufffe", r"\ufffd", r"\ufeff", r"\ud7ff", r"\ue000", r"\ufdd0",
    r"\ud83d\ude00", r"\uD83D\uDE00", r"\uD83d\udE00", r"\ud800\udc00",
    r"\udbff\udfff", r"\ud83d\ude00\ud83d\ude01", r"a\ud83d\ude00b",
    r"\u0065\u0301", "e\u0301", "é", "é\\u00e9", "\u0080", "\u07ff", "\u0800",
    "\ud7ff", "\ue000", "\uffff", "\ufeff", "\ufeffa", "\U00010000",
    "\U0010ffff", "😀", "€", "中文", "\u202eabc", "\u200b", "\u0600", "\ufffd",
    "\u2028\u2029", "\x85".encode().decode(), "\u00a0", " a", "a ", "=1+1",
    "a" * 8, "a" * 7 + "é", "a" * 8 + "é", "a" * 9 + r"\n", "%00", "&amp;",
    "a" * LONGEST, "é" * (LONGEST // 2), "😀" * (LONGEST // 4),
    r"\u0041" * LONGEST, r"\ud83d\ude00" * (LONGEST // 4),
    r"\u0001" * LONGEST, r"\n" * LONGEST, r"\"" * LONGEST)]

SCALARS = ["true", "false", "null", *_SPACED, *_PLAIN_NUMBERS,
           *_PLAIN_STRINGS]

# JSON, and yet no value of a fact: U+0000, and what is longer than a value.
INVALID = [
    r'"\u0000"', r'"a\u0000"', r'"\u0000a"', r'"a\u0000b\u0000"',
    r'"\u0000\ud83d\ude00"', '"%sa"' % ("a" * LONGEST),
    '"a%s"' % ("é" * (LONGEST // 2)), '"%sa"' % (r"\u00e9" * (LONGEST // 2)),
    '"%s"' % (r"\n" * (LONGEST + 1)), "1" * (LONGEST + 1),
    "-" + "1" * LONGEST, "1." + "0" * (LONGEST - 1), "1e" + "1" * LONGEST,
]

# JSON, and yet neither a value nor a body.
NESTED = [
    "[null]", "[1]", '["a"]', "[[]]", "[[],[]]", "[1,2,3]", "[ 1 ]", "[{}]",
    '[true,false,null,1,"a",[],{}]', '{"a":1}', '{"a":{}}', '{"":1}',
    '{ "a" : 1 }', '{"a":1,"b":2}', '{"a":1,"A":2}', '{"é":1,"e\\u0301":2}',
    '{"a":{"a":{"a":1}}}', '{"a":{"b":1},"b":{"a":1,"b":1}}',
    '[{"a":1},{"a":1}]', '{"a":[{"a":1},{"a":{"a":1}}]}', "{}",
    '{"a":[],"b":[[]],"c":{"a":[]}}', r'["\u0000"]', r'{"\u0000":1}',
    '{"a":"%s"}' % ("a" * 70000), '{"%s":1}' % ("a" * 70000),
    "[%s]" % ("1" * 70000), '{"a b":"c"}', "[-0,1e5,0.10]",
    r'["\ud83d\ude00"]', '["😀"]', "[ ]", "{ }", "[\t]", '{"a":\r1}',
]


def deep(depth):
    """Texts so many levels deep, of arrays, of objects and of both."""
    return ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth,
            '[{"a":' * (depth // 2) + "[]" * (depth % 2)
            + "1" * (1 - depth % 2) + "}]" * (depth // 2)]


# Whole bodies that are JSON: what each endpoint says.
BODIES = [
    # (body, POST /v1/facts, POST /v1/positions/join)
    ("[]", 422, 200), ("{}", 422, 422), ("[[]]", 422, 422),
    ('{"facts":[]}', 422, 422), ('{"positions":[]}', 422, 200),
    ('{"positions":[ \n]}\n', 422, 200), (" [] ", 422, 200),
    ('{"positions":[],"facts":[]}', 422, 422),
    ('{"Positions":[]}', 422, 422), ('{"positions ":[]}', 422, 422),
    *((shape % value, 422, 422) for shape, value in product(
        ('{"facts":%s}', '{"positions":%s}', "[%s]", '{"facts":[%s]}',
         '{"positions":[%s]}', '{"source":%s}'),
        ("null", "true", "0", '"a"', "{}", "[[]]"))),
]
