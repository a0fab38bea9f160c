//! Meta's error codes: the number, the HTTP status it comes with, and its message.

/// One line of Meta's table of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    pub number: u32,
    pub status: u16,
    pub title: &'static str,
}

impl Code {
    const fn new(number: u32, status: u16, title: &'static str) -> Self {
        Self { number, status, title }
    }

    /// As it stands in an answer: `(#131009) Parameter value is not valid`.
    #[must_use]
    pub fn message(&self) -> String {
        format!("(#{}) {}", self.number, self.title)
    }
}

pub(crate) const INVALID_PARAMETER: Code = Code::new(100, 400, "Invalid parameter");
pub(crate) const TOKEN: Code =
    Code::new(190, 401, "Invalid OAuth access token - Cannot parse access token");
pub(crate) const UNKNOWN_PATH: Code = Code::new(2500, 400, "Unknown path components");
pub(crate) const MISSING: Code = Code::new(131008, 400, "Required parameter is missing");
pub(crate) const INVALID: Code = Code::new(131009, 400, "Parameter value is not valid");
pub(crate) const TO_ITSELF: Code = Code::new(131021, 400, "Recipient cannot be sender");
pub(crate) const UNSUPPORTED_TYPE: Code = Code::new(131051, 400, "Unsupported message type");
pub(crate) const MEDIA_UPLOAD: Code = Code::new(131053, 400, "Media upload error");
pub(crate) const CURSOR: Code = Code::new(131059, 400, "Cursor has expired");
pub(crate) const USER_ID: Code =
    Code::new(131062, 400, "Business-scoped user ids are not supported for this message");
pub(crate) const PARAMETER_COUNT: Code =
    Code::new(132000, 400, "Number of parameters does not match the expected number of params");
pub(crate) const NO_TEMPLATE: Code =
    Code::new(132001, 404, "Template name does not exist in the translation");
pub(crate) const TEXT_TOO_LONG: Code = Code::new(132005, 400, "Translated text too long");
pub(crate) const PARAMETER_FORMAT: Code =
    Code::new(132012, 400, "Parameter format does not match format in the created template");
pub(crate) const TEMPLATE_PAUSED: Code = Code::new(132015, 400, "Template is paused");
pub(crate) const TEMPLATE_DISABLED: Code = Code::new(132016, 400, "Template is disabled");
pub(crate) const PARAMETER_VALUE: Code =
    Code::new(132018, 400, "There is an issue with the parameters in your template");
pub(crate) const FLOW_BLOCKED: Code = Code::new(132068, 400, "Flow is blocked");
pub(crate) const FLOW_THROTTLED: Code = Code::new(132069, 400, "Flow is throttled");
const PERMISSION: Code = Code::new(200, 403, "Permissions error");

/// Every code a recipient number can ask for. 201 to 299 are answered like 200.
pub const CODES: &[Code] = &[
    Code::new(0, 401, "AuthException"),
    Code::new(1, 400, "API Unknown"),
    Code::new(2, 503, "API Service"),
    Code::new(3, 500, "Application does not have the capability to make this API call"),
    Code::new(4, 400, "Application request limit reached"),
    Code::new(10, 403, "Application does not have permission for this action"),
    Code::new(33, 400, "Parameter value is not valid: the business phone number was deleted"),
    INVALID_PARAMETER,
    Code::new(104, 401, "An access token is required to request this resource"),
    TOKEN,
    PERMISSION,
    Code::new(368, 403, "Temporarily blocked for policies violations"),
    Code::new(613, 429, "Calls to this api have exceeded the rate limit"),
    Code::new(803, 404, "Some of the aliases you requested do not exist"),
    Code::new(80007, 400, "Rate limit issues"),
    Code::new(130429, 400, "Rate limit hit"),
    Code::new(130472, 400, "User's number is part of an experiment"),
    Code::new(130497, 403, "Business account is restricted from messaging users in this country"),
    Code::new(131000, 500, "Something went wrong"),
    Code::new(131005, 403, "Access denied"),
    MISSING,
    INVALID,
    Code::new(131016, 500, "Service unavailable"),
    Code::new(131020, 400, "Group is not valid"),
    TO_ITSELF,
    Code::new(131026, 400, "Message undeliverable"),
    Code::new(131030, 400, "Recipient phone number not in allowed list"),
    Code::new(131031, 403, "Account has been locked"),
    Code::new(131037, 400, "Display name approval is needed before messages can be sent"),
    Code::new(131041, 400, "Group is unknown"),
    Code::new(131042, 400, "Business eligibility payment issue"),
    Code::new(131045, 500, "Incorrect certificate"),
    Code::new(131047, 400, "Re-engagement message"),
    Code::new(131048, 400, "Spam rate limit hit"),
    Code::new(
        131049,
        400,
        "This message was not delivered to maintain healthy ecosystem engagement",
    ),
    Code::new(131050, 400, "User has stopped marketing messages from this business"),
    UNSUPPORTED_TYPE,
    Code::new(131052, 400, "Media download error"),
    MEDIA_UPLOAD,
    Code::new(131055, 400, "Method not allowed"),
    Code::new(131056, 400, "(Business Account, Consumer Account) pair rate limit hit"),
    Code::new(131057, 500, "Account in maintenance mode"),
    CURSOR,
    USER_ID,
    Code::new(131063, 400, "Marketing templates are disabled on Cloud API"),
    Code::new(131064, 400, "Limit reached for misclassified templates"),
    PARAMETER_COUNT,
    NO_TEMPLATE,
    TEXT_TOO_LONG,
    Code::new(132007, 400, "Template format character policy violated"),
    Code::new(132008, 400, "Template parameter value is not valid"),
    PARAMETER_FORMAT,
    TEMPLATE_PAUSED,
    TEMPLATE_DISABLED,
    PARAMETER_VALUE,
    FLOW_BLOCKED,
    FLOW_THROTTLED,
    Code::new(133000, 500, "Incomplete deregistration"),
    Code::new(133004, 503, "Server temporarily unavailable"),
    Code::new(133005, 400, "Two step verification PIN mismatch"),
    Code::new(133006, 400, "Phone number re-verification needed"),
    Code::new(133008, 400, "Too many two step verification PIN guesses"),
    Code::new(133009, 400, "Two step verification PIN guessed too fast"),
    Code::new(133010, 400, "Phone number not registered"),
    Code::new(133015, 400, "Phone number was deleted a moment ago"),
    Code::new(133016, 400, "Account register deregister rate limit exceeded"),
    Code::new(134011, 400, "WhatsApp payments terms of service have not been accepted"),
    Code::new(134100, 400, "Only marketing messages are supported"),
    Code::new(134101, 500, "Template is being synchronised"),
    Code::new(134102, 500, "Template is not available for use"),
    Code::new(134103, 400, "Marketing message was not accepted"),
    Code::new(135000, 400, "Generic user error"),
    Code::new(137000, 400, "Recipient identity key hash does not match"),
];

/// The code with this number, if Meta has it.
pub(crate) fn find(number: u32) -> Option<Code> {
    if (200..=299).contains(&number) {
        return Some(Code { number, ..PERMISSION });
    }
    CODES.iter().copied().find(|code| code.number == number)
}
