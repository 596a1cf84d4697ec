/* Portfolios by their names, as paths have them. */
#ifndef API_PORTFOLIO_H
#define API_PORTFOLIO_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

/* The path's portfolio. False: no name can be so, and the response is set. */
bool portfolio_name_read(struct request *request, struct response *response,
                         struct str *out);

/* Its dictionary id. False: nobody had heard of it by then, and the response
 * is set. */
bool portfolio_find(struct request *request, struct response *response,
                    uint64_t known_tx, uint32_t *out);

/* Whether a portfolio had been given positions by then, be it none. */
bool portfolio_is_known(const struct request *request, uint32_t portfolio,
                        uint64_t known_tx);

#endif
