/* A rule of precedence from its body. */
#ifndef SECMASTER_RULE_READER_H
#define SECMASTER_RULE_READER_H

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/rule.h"

/*
 * Read {"default": [..], "attributes": {"..": [..]}}; a member that is not
 * there is empty. What out points to lives in arena. ERR_MALFORMED: outside
 * JSON's grammar, or a member twice. ERR_INVALID: there are complaints.
 * ERR_TOO_LARGE: past the arena's budget. ERR_BUSY: memory.
 */
enum err rule_read(struct str body, struct arena *arena,
                   struct complaints *complaints, struct rule_names *out,
                   struct why *why);

#endif
