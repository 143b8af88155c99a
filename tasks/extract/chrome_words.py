"""The words of web pages around an article: what menus, forms, notices and tails say, in the languages read most."""

import re

# A line that begins with one of these opens the tail of a page: what follows is no longer the article.
TAIL = re.compile(
    r"^\W{0,4}(?:leave a (?:reply|comment)|leave your comment|post a comment|(?:\d{1,5} )?comments?\b(?! (?:on|by|"
    r"from|of|made|about))\W{0,9}\d{0,5}\W{0,3}$|"
    r"you may also like|you might also like|related (?:articles?|posts?|stories|news|topics)|read (?:also|more|"
    r"next)\W{0,3}$|more (?:from|stories|news|on this)\b.{0,40}$|"
    r"most (?:read|popular|viewed)|recommended (?:for you|stories|articles)|share this|popular (?:posts|articles)|"
    r"laissez? un commentaire|laisser un commentaire|ajouter un commentaire|"
    r"(?:\d{1,5} )?commentaires?\W{0,4}\d{0,5}\W{0,3}$|réagir à cet article|"
    r"vous aimerez aussi|vous pourriez aimer|articles? (?:similaires?|connexes?|liés?|associés?)|"
    r"(?:à )?lire aussi\W{0,3}$|sur le même sujet|dans la même rubrique|les plus lus|"
    r"deja un(?:a respuesta| comentario)|comentarios\W{0,9}\d{0,5}\W{0,3}$|noticias relacionadas|"
    r"artículos relacionados|te puede interesar|lo más leído|"
    r"schreibe einen kommentar|kommentare?\W{0,9}\d{0,5}\W{0,3}$|ähnliche (?:artikel|beiträge)|das könnte (?:sie|"
    r"dich|ihnen|dir) auch|mehr zum thema|meistgelesen|"
    r"lascia un commento|articoli correlati|deixe um comentário|"
    r"تعليقات (?:الزوار|القراء)|التعليقات\W{0,9}\d{0,5}\W{0,3}$|اترك (?:تعليق|رد)|أضف تعليق|أترك تعليق|"
    r"مقالات (?:ذات صلة|مشابهة|أخرى)|مواضيع ذات صلة|أخبار ذات صلة|"
    r"اقرأ أيضا|إقرأ أيضا|قد (?:يعجبك|يهمك)|الأكثر قراءة|شارك(?:ها)? (?:هذا|على)|هذا المقال بعنوان)",
    re.IGNORECASE,
)

# A short line with one of these belongs to the page, not to the article, wherever it stands.
CHROME = re.compile(
    r"\bcookies?\b|ملفات تعريف الارتباط|your email address will not be|votre adresse e-?mail ne sera|"
    r"required fields are|champs obligatoires|"
    r"\ball rights reserved|tous droits réservés|todos los derechos reservados|alle rechte vorbehalten|"
    r"جميع الحقوق محفوظة|©|"
    r"privacy policy|politique de confidentialité|terms (?:of|and) (?:use|service|conditions)|"
    r"conditions (?:générales|d'utilisation)|mentions légales|"
    r"سياسة الخصوصية|newsletter|النشرة البريدية|merci d'avoir signalé|thanks? for reporting|"
    r"sera automatiquement bloquée?|"
    r"click here to|cliquez ici pour|haga clic aquí|اضغط هنا|javascript|your browser|votre navigateur|"
    r"please (?:log ?in|sign in|enable)|"
    r"s'abonner|abonnez-vous|subscribe (?:to|now)|sign up (?:to|for)|inscrivez-vous|suscríbete|اشترك (?:في|الآن)|"
    r"e-paper|partager (?:sur|cet)|share (?:on|via)|(?:follow|suivez)[- ](?:us|nous)|تابعونا|facebook|whatsapp|"
    r"linkedin|pinterest|"
    r"advertis|publicité|إعلان",
    re.IGNORECASE,
)
MAX_CHROME_CHARS = 260

# A whole line that is nothing but a control or caption of the page.
CONTROL = re.compile(
    r"^\W{0,4}(?:menu|search|close|loading|home|accueil|recherche|fermer|chargement|no image|image|photos?|print|"
    r"imprimer|email|e-mail|top|footer|header|login|"
    r"log in|sign in|share|partager|tweet|back|next|previous|précédent|suivant|retour|subscribe|advertisement|"
    r"skip to (?:main )?content|"
    r"قائمة|بحث|إغلاق|الرئيسية|تحميل|طباعة|مشاركة|inicio|buscar|cerrar|startseite|suche|drucken|teilen)\W{0,4}$",
    re.IGNORECASE,
)

# A line that begins so names who wrote, edited or photographed, not what happened.
BYLINE = re.compile(
    r"^\W{0,3}(?:by|par|por|von|(?:written|posted|published|edited|reported) by|"
    r"(?:édité|rédigé|écrit|publié|traduit) par|"
    r"(?:escrito|editado|redactado|publicado|traducido) por|photos?|crédit|credit|source|auteur|author|autora?|"
    r"بقلم|كتب|كتبت|كتبه|كتبته|حرره|حررته|أعده|أعدته|إعداد|تحرير|المصدر|ترجمة|متابعة)\b\s*:?\s*",
    re.IGNORECASE,
)

# "- in International": the section as a blog theme writes it under the headline; or the first step behind "Home >".
SECTION = re.compile(
    r"^\W{0,3}(?:(?:in|dans|en|posted in|filed under|publié dans la rubrique|publicado en la sección|rubrique|"
    r"catégorie|category|section|sección|categoría|القسم|في قسم|تصنيف|(?<=\W)في)(?:\s*+:)?\s++|"
    r"(?:home|accueil|inicio|portada|الرئيسية)\s?[>»›/]\s?)"
    r"(?P<section>[^\W\d_][^.!?>»›/]{1,39})(?:[>»›/].{0,120})?$",
    re.IGNORECASE,
)

# "Publié dans Barlamane le ...": where a line of origin names the outlet, before the date.
ORIGIN = re.compile(
    r"^\W{0,3}(?:publiée?|parue?|published|publicad[oa]|erschienen|pubblicato|نشر|نشرت|نُشر)\s(?:dans|in|en|su|"
    r"في)\s(?P<outlet>[^\d,|]{2,40}?)"
    r"\s(?:(?:le|on|el|am|il|يوم|بتاريخ|[-–|(])\s|(?=\d))",
    re.IGNORECASE,
)
DOMAIN_NAME = re.compile(
    r"(?<![\w@.-])(?:www\.)?([A-Za-z0-9][A-Za-z0-9-]{1,40}\.(?:com|net|org|info|ma|dz|tn|eg|fr|news|press|tv|"
    r"co\.uk|es|de|it|sa|ae|qa|lb|jo|ps))(?![\w-])"
)

# What an extractor leaves between the paragraphs of an article. A line may open with a sign, not with a list's dash.
_OPENING = r"^[^\w\-•*]{0,4}"

# A line that begins so leads to another page.
LEAD_ELSEWHERE = re.compile(
    _OPENING + r"(?:(?:read|see|watch|listen|learn|find out|also|discover)(?: also| more| next| here| about| on){1,3}|"
    r"related(?: (?:articles?|stor(?:y|ies)|posts?|links?|content|reading|roundup|coverage|videos?|news))?"
    r"(?=\W{0,3}:|\W*$)|"
    r"more(?=\W{0,2}:)|also(?= on \w+\.\w)|don'?t miss|in case you missed it|recommended|"
    r"(?:à )?(?:lire|voir|écouter|regarder|découvrir)(?: aussi| également| plus| encore)+|à (?:lire|voir)|"
    r"sur le même (?:sujet|thème)|pour aller plus loin|"
    r"(?:le|te|les) puede interesar|puedes? ver|"
    r"(?:lea|lee|leer|ver|vea|mira|mirá|mire)(?: también| además| más)+|además(?=\W{0,2}:)|"
    r"(?:leia|veja|confira|assista)(?: também| mais| ainda)+|saiba mais|"
    r"(?:lesen|sehen|hören) sie (?:auch|dazu|mehr)|mehr (?:dazu|zum thema|lesen)|auch interessant|schon gelesen|"
    r"lesetipp|siehe auch|weiterlesen|"
    r"leggi anche(?: su)?|(?:vedi|guarda|leggi)(?: anche| altro)|lees ook|läs också|les også|læs også|lue myös|"
    r"czytaj (?:też|także|więcej)|zobacz (?:też|także|również|więcej)|dowiedz się więcej|przeczytaj (?:też|także)|"
    r"читайте также|смотрите также|"
    r"(?:اقرأ|إقرأ|اقرا|شاهد|طالع|انظر)(?:وا|ي)?\s(?:أيضا|أيضاً|ايضا|المزيد|كذلك)|للمزيد|بخوانید|مطالب مرتبط)"
    r"\s*(?:\W|$)",
    re.IGNORECASE,
)

# A line that begins so names a source, or who made a picture.
CREDIT = re.compile(
    _OPENING + r"(?:(?:photos?|image|picture|video|fotos?|bild|bilder|titelbild|beitragsbild|imagen|imagem|grafik|"
    r"zdjęcie|fot|quellen?|sources?|crédits?|credits?|copyright|via|صورة|الصورة|المصدر|تصوير)"
    r"(?:[ -](?:credits?|courtesy|by|source|photos?|nachweis|von|de|quelle|angaben))?\s*[:©/]|"
    r"photo(?:s|graph)? (?:by|courtesy) |[©ⓒ]|copyright [©ⓒ\d(])",
    re.IGNORECASE,
)

# A line that ends so is a picture's caption.
CAPTION = re.compile(
    r"\((?:image|photos?|picture|credits?|crédits?|foto|imagen|bild|صورة|الصورة)\s?[:/©][^()]{0,60}\)\W{0,3}$",
    re.IGNORECASE,
)

# "Jean on 3 May at 6:34 said:" heads what a reader says.
COMMENTATOR = re.compile(
    r"^.{2,60}\s(?:says?|said|wrote|a (?:dit|écrit)|dit|dice|dijo|sagt|schreibt|schrieb|scrive|disse|diz|يقول|قال|كتب)"
    r"\s?:$",
    re.IGNORECASE,
)

# A line that begins with an invitation and speaks of a service is the outlet's.
INVITATION = re.compile(
    _OPENING + r"(?:(?:please |you can )?(?:sign up|subscribe|register|join|follow|click|tap|download|share|like|"
    r"support|donate|listen|stay|keep|get|never miss|enter|tell us|contact|reach|email|visit|leave|post|send)\b|"
    r"(?:did|if) you (?:like|enjoy)|like this (?:story|article|post)|enjoy(?:ed)? this|want (?:more|to)|"
    r"have a (?:tip|story)|for more|we want to hear|do you have|"
    r"abonnez|inscrivez|suivez|partagez|cliquez|recevez|rejoignez|téléchargez|"
    r"(?:suscríb|síg|compart|descarg|únete|recib|regístr)\w*|assine|inscreva|siga|compartilhe|receba|baixe|"
    r"jetzt|melden|abonnieren|folgen|teilen|iscriviti|seguici|zapisz|obserwuj|polub|subskrybuj|"
    r"اشترك|تابعوا?|تابعنا|حمل|شارك)",
    re.IGNORECASE,
)
SERVICE = re.compile(
    r"newsletter|sign(?:ing)? up|\bsubscri(?:be|ption)|\binbox|\bfacebook|\btwitter|\binstagram|\byoutube|whatsapp|"
    r"telegram|\bapp\b|push|comment|click|this (?:story|article|post)|@\w+\.\w|trial|free|alerts?|podcast|boletín|"
    r"correo|canal|kanal|e-?mail|abonn|kommentar|article|النشرة|قناة|صفحة|تطبيق",
    re.IGNORECASE,
)

# A line with one of these is a note of the outlet about the text, its rights or its money.
NOTE = re.compile(
    _OPENING + r"(?:\(?(?:additional |with )?(?:reporting|writing|editing) by |alle (?:angaben ohne|rechte)|"
    r"tous droits|todos los derechos|wszelkie prawa|keine kommentare|no comments|comments are|filed under|"
    r"posted in\b|our standards|we may (?:earn|receive)|this (?:article|story) (?:was|has been|originally|contains)|"
    r"(?:this post )?contains affiliate|enthält affiliate|if you buy|the views expressed)|"
    r"all rights reserved|contributed (?:reporting|to this (?:report|story|article))|affiliate links?\b",
    re.IGNORECASE,
)

_DAY_OR_TIME = r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}:\d{2})"
# A whole line that is a label of the page.
LABEL = re.compile(
    r"^\W{0,4}(?:(?:\d{1,5} )?comments?|kommentare?|commentaires?|comentarios|advertisement|anzeige|werbung|publicité|"
    r"publicidad|reklama|bild anzeigen|inhaltsverzeichnis|table of contents|sommaire|share|teilen|partager|"
    r"tags?|temas?|thèmes?|(?:mehr |weitere )?themen|print|drucken|up next|"
    r"\d{1,3} min(?:ute)?s?(?: read| lesezeit| de lecture)?|"
    r"(?:tempo de leitura|(?:estimated )?reading time|lesezeit|temps de lecture).{0,20}|"
    r"(?:(?:last )?(?:updated|modified)|letzte (?:änderung|aktualisierung)|aktualisiert|mis à jour|actualizado)\b"
    rf".{{0,40}}|{_DAY_OR_TIME}(?:.{{0,12}}{_DAY_OR_TIME})?(?: uhr)?)\W{{0,4}}$",
    re.IGNORECASE,
)

# A line that heads a list of other articles, or of what readers say.
HEADING_OF_OTHERS = re.compile(
    _OPENING + r"(?:related\b|you (?:may|might) (?:also )?(?:like|enjoy|be interested)|"
    r"more (?:from|stories|news|like this|in |on this)|most (?:read|popular|viewed)|popular on|recommended|"
    r"latest (?:news|stories|articles|posts)|what to read|don'?t miss|up next|about the author|leave a|"
    r"post(?:ed)? a comment|comments\b|"
    r"weitere (?:themen|beiträge|artikel|informationen|aktuelle)|mehr (?:zum thema|themen|von|aus)|empfohlene|"
    r"ähnliche|das könnte|auch interessant|teilnehmende|vorschau auf|kommentierte|meistgelesen|"
    r"quellen(?:angaben)?\W{0,4}$|über den autor|"
    r"(?:articles?|sujets?|posts?) (?:similaires?|connexes?|liés|associés|récents?)|à lire (?:aussi|également)|"
    r"sur le même|dans la même|les plus lus|vous aimerez|"
    r"(?:noticias|artículos|notas|contenido) (?:relacionad|recomendad)|te puede|le puede|lo más (?:leído|visto)|"
    r"más noticias|você pode gostar|leia (?:também|mais)|veja também|relacionad|mais lidas|"
    r"articoli (?:correlati|simili)|potrebbe interessar|leggi anche|zobacz (?:też|także)|czytaj (?:też|także)|"
    r"przeczytaj|polecamy|podobne|gerelateerd|lees ook|"
    r"مقالات (?:ذات|أخرى|مشابهة)|مواضيع (?:ذات|أخرى)|أخبار ذات|قد يعجبك|الأكثر|اقرأ|تعليق)",
    re.IGNORECASE,
)
