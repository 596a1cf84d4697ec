/* The formats behind rows_format(), one file each. */
#ifndef CODEC_ROWS_FORMATS_H
#define CODEC_ROWS_FORMATS_H

#include "secmaster/rows_writer.h"

extern const struct rows_format rows_json, rows_ndjson, rows_csv;

/* The canonical text of an attribute's name, escaped but not quoted. */
struct str rows_name(const struct sheet *sheet, uint32_t column);

#endif
