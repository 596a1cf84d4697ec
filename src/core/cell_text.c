/* Text to be copied, whatever its length. */
#include "secmaster/cell_text.h"

#include <assert.h>

#include "secmaster/decimal.h"

static_assert(CELL_TEXT_BYTES <= DECIMAL_ROOM,
              "a text may be put where a number has its room");

struct cell_text
cell_text_of(struct str text)
{
    struct cell_text cell = { .len = (uint8_t)text.len };

    assert(text.len <= CELL_TEXT_BYTES);
    if (text.len > 0)
        memcpy(cell.bytes, text.data, text.len);
    return cell;
}
