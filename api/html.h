/* Pages for people: plain HTML, without scripts or anything from outside. */
#ifndef API_HTML_H
#define API_HTML_H

#include "request.h"

/* Text as it may stand in an element or in a quoted attribute. */
void html_text(struct out *out, struct str text);

/* Answer with a page: its beginning, up to what stands in the body ... */
void html_begin(struct request *request, struct response *response,
                const char *title);

/* ... and its end. */
void html_end(struct response *response);

#endif
