//! The parameters of actions that Meta knows by name.

use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Parameters {
    Catalog { thumbnail_product_retailer_id: String },
    Link { display_text: String, url: String },
    Flow(FlowParameters),
    Address(AddressParameters),
    VoiceCall(VoiceCallParameters),
}

/// Of `flow_id` and `flow_name` one is there.
#[derive(Debug, Serialize)]
pub struct FlowParameters {
    pub flow_message_version: String,
    pub flow_cta: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_action: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_action_payload: Option<FlowOpening>,
}

/// The screen that a flow opens with, and what is filled in there.
#[derive(Debug, Serialize)]
pub struct FlowOpening {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub struct AddressParameters {
    pub country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved_addresses: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_errors: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub struct VoiceCallParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}
