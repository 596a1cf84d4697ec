/* Listings day by day: who is who, and what is news. */
#include <criterion/criterion.h>

#include "tests/pipeline/listing_steps.h"

static const struct {
    const char *name, *steps, *said;
} cases[] = {
    { "new ones", "L5 A,n1,c1,fF,sS,xN,yCS B",
      "A{t=A,n=1,a=true,c=1,f=F,s=S,"
      "x=N,y=CS} B{t=B,a=true}" },
    { "nothing new", "L5 A,c1,fF B,c2|L5 A,c1,fF B,c2|L6 A,c1,fF B,c2",
      "A{t=A,a=true,c=1,f=F} B{t=B,a=true,c=2}||" },
    { "a field that differs", "L5 A,fF,n1|L6 A,fF,n2|L7 A,fF,n1",
      "A{t=A,n=1,a=true,f=F}|m0{n=2}|m0{n=1}" },
    { "a field that is told no more", "L5 A,fF,n1,c1|L6 A,fF|L7 A,fF,n1,c1",
      "A{t=A,n=1,a=true,c=1,f=F}||" },
    { "a field that is told later", "L5 A,c1,xN|L6 A,c1,xN,fF|L7 A2,fF",
      "A{t=A,a=true,c=1,x=N}|m0{f=F}|m0{t=A2}" },

    /* Renames. */
    { "a rename", "L5 A,c1,fF|L6 B,c1,fF|L7 B,c1,fF",
      "A{t=A,a=true,c=1,f=F}|m0{t=B}|" },
    { "a rename and back", "L5 A,fF|L6 B,fF|L7 A,fF",
      "A{t=A,a=true,f=F}|m0{t=B}|m0{t=A}" },
    { "by the share class where there is no composite",
      "L5 A,sS|L6 B,sS|L7 C,fF,sS", "A{t=A,a=true,s=S}|m0{t=B}|m0{t=C,f=F}" },
    { "the composite comes before the share class",
      "L5 A,fF,sS B,fG,sT|L6 C,fF,sT,c1 D,fG,sT",
      "A{t=A,a=true,f=F,s=S} B{t=B,a=true,f=G,s=T}|m0{t=C,c=1,s=T} m1{t=D}" },
    { "each by its own composite, in any order",
      "L5 A,fF B,fG C,fH D,fI|L6 F,fH Z B,fG,n2 E,fI A,fF,n1",
      "A{t=A,a=true,f=F} B{t=B,a=true,f=G} C{t=C,a=true,f=H} "
      "D{t=D,a=true,f=I}|m2{t=F} Z{t=Z,a=true} m1{n=2} m3{t=E} m0{n=1}" },
    { "two swap their tickers", "L5 A,fF B,fG|L6 B,fF A,fG|L7 B,fF A,fG",
      "A{t=A,a=true,f=F} B{t=B,a=true,f=G}|m0{t=B} m1{t=A}|" },
    { "one takes what another one leaves", "L5 A,fF B,fG|L6 B,fF C,fG",
      "A{t=A,a=true,f=F} B{t=B,a=true,f=G}|m0{t=B} m1{t=C}" },
    { "a rename without a FIGI is another security", "L5 A,c1,xN|L6 B,c1,xN",
      "A{t=A,a=true,c=1,x=N}|B{t=B,a=true,c=1,x=N} m0{a=false}" },

    /* Reuse. */
    { "a ticker that is reused after years",
      "L5 A,c1,fF B|L6 B|L9 A,c2,fG B|L10 A,c2,fG B",
      "A{t=A,a=true,c=1,f=F} B{t=B,a=true}|m0{a=false}|A{t=A,a=true,c=2,f=G} "
      "m0{t=null}|" },
    { "a ticker that is reused at once", "L5 A,c1,fF|L6 A,c2,fG|L7 A,c2,fG",
      "A{t=A,a=true,c=1,f=F}|A{t=A,a=true,c=2,f=G} m0{t=null,a=false}|" },
    { "without a FIGI, by the company", "L5 A,c1,xN|L6 A,c2,xN",
      "A{t=A,a=true,c=1,x=N}|A{t=A,a=true,c=2,x=N} m0{t=null,a=false}" },
    { "another FIGI, although the company is the same",
      "L5 A,c1,xN,fF|L6 A,c1,xN,fG",
      "A{t=A,a=true,c=1,f=F,x=N}|A{t=A,a=true,c=1,f=G,x=N} "
      "m0{t=null,a=false}" },
    { "another share class, likewise", "L5 A,c1,xN,sF|L6 A,c1,xN,sG",
      "A{t=A,a=true,c=1,s=F,x=N}|A{t=A,a=true,c=1,s=G,x=N} "
      "m0{t=null,a=false}" },
    { "a ticker alone is nobody", "F1#7@other t=A|L5 A,c1,xN|L6 A,c1,xN",
      "|A{t=A,a=true,c=1,x=N} #7{t=null}|" },
    { "who says that its old bearer bears it still, is not told again",
      "F1#7@other t=A|L5 A,fF|F6#7@other t=A|L7 A,fF|L8 A,fF",
      "|A{t=A,a=true,f=F} #7{t=null}|||" },
    { "who bore it before, and does no more, is let alone",
      "F1#7@other t=A|F3#7@other t=Z|L5 A,fF", "||A{t=A,a=true,f=F}" },
    { "each row takes its own bearer's ticker",
      "L5 A,fF B,fG C,fH|P6 C,fI B,fJ A,fK",
      "A{t=A,a=true,f=F} B{t=B,a=true,f=G} C{t=C,a=true,f=H}|"
      "C{t=C,a=true,f=I} m2{t=null} B{t=B,a=true,f=J} m1{t=null} "
      "A{t=A,a=true,f=K} m0{t=null}" },
    { "a part of a listing takes a ticker, too", "L5 A,fF|P6 A,fG",
      "A{t=A,a=true,f=F}|A{t=A,a=true,f=G} m0{t=null}" },

    /* Missing FIGIs. */
    { "company, ticker and exchange", "L5 A,c1,xN|L6 A,c1,xN,n2",
      "A{t=A,a=true,c=1,x=N}|m0{n=2}" },
    { "another exchange", "L5 A,c1,xN|L6 A,c1,xO",
      "A{t=A,a=true,c=1,x=N}|A{t=A,a=true,c=1,x=O} m0{t=null,a=false}" },
    { "no company, but there all the time", "L5 A,xN|L6 A,xN,n2|L7 A,xN,n2",
      "A{t=A,a=true,x=N}|m0{n=2}|" },
    { "neither company nor exchange, but there all the time", "L5 A|L6 A,n2",
      "A{t=A,a=true}|m0{n=2}" },
    { "no company, and a FIGI at last", "L5 A,xN|L6 A,xN,fF|L7 B,fF",
      "A{t=A,a=true,x=N}|m0{f=F}|m0{t=B}" },
    { "no company, as another source has it", "F1#7@other t=A x=N|L5 A,xN",
      "|A{t=A,a=true,x=N} #7{t=null}" },
    { "no company, and away meanwhile: nobody knows", "L5 A,xN|L6 B|L7 A,xN B",
      "A{t=A,a=true,x=N}|B{t=B,a=true} m0{a=false}|A{t=A,a=true,x=N} "
      "m0{t=null}" },
    { "a company where there was none: nobody knows", "L5 A,xN|L6 A,xN,c1",
      "A{t=A,a=true,x=N}|A{t=A,a=true,c=1,x=N} m0{t=null,a=false}" },
    { "a FIGI of who has none", "F1#7@other t=A c=1 x=N|L5 A,c1,xN,fF",
      "|#7{t=A,a=true,c=1,f=F,x=N}" },

    /* Dual classes. */
    { "two classes of a company",
      "L5 A.A,c1,xN A.B,c1,xN|L6 A.B,c1,xN,n2 "
      "A.A,c1,xN,n3",
      "A.A{t=A.A,a=true,c=1,x=N} A.B{t=A.B,a=true,c=1,x=N}|m1{n=2} m0{n=3}" },
    { "two classes with FIGIs that swap tickers",
      "L5 A.A,c1,xN,fF,sS A.B,c1,xN,fG,sT|L6 A.B,c1,xN,fF,sS A.A,c1,xN,fG,sT",
      "A.A{t=A.A,a=true,c=1,f=F,s=S,x=N} A.B{t=A.B,a=true,c=1,f=G,s=T,x=N}|"
      "m0{t=A.B} m1{t=A.A}" },

    /* Relistings. */
    { "back under its ticker", "L5 A,fF B|L6 B|L7 A,fF B",
      "A{t=A,a=true,f=F} B{t=B,a=true}|m0{a=false}|m0{a=true}" },
    { "back under another one", "L5 A,fF B|L6 B|L7 C,fF B",
      "A{t=A,a=true,f=F} B{t=B,a=true}|m0{a=false}|m0{t=C,a=true}" },
    { "back without a FIGI", "L5 A,c1,xN B|L6 B|L7 A,c1,xN B",
      "A{t=A,a=true,c=1,x=N} B{t=B,a=true}|m0{a=false}|m0{a=true}" },
    { "back behind another bearer of its ticker",
      "L5 A,c1,xN|L6 A,c2,xN|L7 A,c1,xN",
      "A{t=A,a=true,c=1,x=N}|A{t=A,a=true,c=2,x=N} m0{t=null,a=false}|"
      "m0{t=A,a=true} m1{t=null,a=false}" },
    { "listed as not active", "L5 A,fF|L6 A,fF,-|L7 B|L8 A,fF B",
      "A{t=A,a=true,f=F}|m0{a=false}|B{t=B,a=true}|m0{a=true}" },

    /* Absence. */
    { "from a part of a listing", "L5 A,fF B,fG|P6 A,fF",
      "A{t=A,a=true,f=F} B{t=B,a=true,f=G}|" },
    { "from an empty one", "L5 A,fF|L6|L7 A,fF", "A{t=A,a=true,f=F}||" },
    { "once", "L5 A,fF B|L6 B|L7 B",
      "A{t=A,a=true,f=F} B{t=B,a=true}|m0{a=false}|" },
    { "of whom another source says to be active", "F1#7@other a=true|L5 A",
      "|A{t=A,a=true}" },
    { "of whom nobody said to be active", "L5 A,? B|L6 B",
      "A{t=A} B{t=B,a=true}|" },

    /* Whose word counts. */
    { "another source has it already", "F1#7@other t=A f=F|L5 A,fF|L6 A,fF",
      "|#7{t=A,a=true,f=F}|" },
    { "another source knows better",
      "L5 A,fF,n1|F6#m0@other n=2|L7 A,fF,n1|L8 A,fF,n3",
      "A{t=A,n=1,a=true,f=F}|||m0{n=3}" },
    { "what was retracted is said again",
      "L5 A,fF,n1|R5#m0@vendor n|L6 A,fF,n1",
      "A{t=A,n=1,a=true,f=F}||m0{n=1}" },
    { "behind what was retracted stands what was before",
      "L5 A,fF,n1|L6 A,fF,n2|R6#m0@vendor n|L7 A,fF,n1|L8 A,fF,n2",
      "A{t=A,n=1,a=true,f=F}|m0{n=2}|||m0{n=2}" },
    { "restated on its day", "L5 A,fF,n1|F5#m0@vendor n=2|L6 A,fF,n1",
      "A{t=A,n=1,a=true,f=F}||m0{n=1}" },

    /* Late listings. */
    { "a day before all others", "L5 A,c1,xN,fF|L3 A,c1,xN,fF",
      "A{t=A,a=true,c=1,f=F,x=N}|m0{t=A,a=true,c=1,f=F,x=N}" },
    { "without a FIGI, likewise", "L5 A,c1,xN|L3 A,c1,xN",
      "A{t=A,a=true,c=1,x=N}|m0{t=A,a=true,c=1,x=N}" },
    { "without a company, nobody knows", "L5 A,xN|L3 A,xN",
      "A{t=A,a=true,x=N}|A{t=A,a=true,x=N}" },
    { "a day between two", "L3 A,fF,n1|L7 A,fF,n3|L5 A,fF,n2",
      "A{t=A,n=1,a=true,f=F}|m0{n=3}|m0{n=2}" },

    /* Reasons. */
    { "two rows of a ticker", "L5 A,fF A,fG",
      "!rows of \"A\" and \"A\" are of one ticker\n" },
    { "two rows of a FIGI", "L5 A,fF B,fF",
      "!rows of \"A\" and \"B\" are of one composite_figi\n" },
    { "two rows of a security", "L5 A,fF,sS|L6 A,fF B,sS|L6 A,fF",
      "A{t=A,a=true,f=F,s=S}|!rows of \"A\" and \"B\" are of one security\n|" },
    { "a FIGI that two bear", "F1#7@other f=F|F1#8@other f=F|L5 A,fF",
      "||!more than one security has the composite_figi of \"A\"\n" },
    { "a share class that two bear", "F1#7@other s=S|F1#8@other s=S|L5 A,sS",
      "||!more than one security has the share_class_figi of \"A\"\n" },
    { "a FIGI that two bore, one today",
      "F1#7@other f=F|F1#8@other f=F|F3#8@other f=G|L5 A,fF",
      "|||#7{t=A,a=true,f=F}" },
    { "a FIGI that two bore, none today",
      "F1#7@other f=F|F3#7@other f=G|F1#8@other f=F|F3#8@other f=H|L5 A,fF",
      "||||!more than one security has the composite_figi of \"A\"\n" },
    { "company, ticker and exchange of two",
      "F1#7@other t=A c=1 x=N|F1#8@other t=A c=1 x=N|L5 A,c1,xN",
      "||!more than one security has the cik, ticker and primary_exchange of "
      "\"A\"\n" },
};

Test(identity, of_listings_day_by_day)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out said;

        out_init(&said, 1UL << 16);
        listing_steps_run(cases[i].steps, &said);
        cr_expect(str_equal(out_text(&said), str_of(cases[i].said)),
                  "%s:\n%.*s\nwanted:\n%s", cases[i].name,
                  STR_ARG(out_text(&said)), cases[i].said);
        out_fini(&said);
    }
}
